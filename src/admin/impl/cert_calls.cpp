#include "admin/impl/cert_calls.hpp"

#include <coroutine>

#include "admin/impl/answers.hpp"
#include "admin/impl/cert_text.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "certs/certificate_store.hpp"

namespace tykpp::admin {
namespace {

using Texts = std::vector<std::optional<std::string>>;

/// Until a change of the store has reached the listeners.
class InForce {
 public:
  explicit InForce(Control& control) : control_(control) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    control_.certificatesChanged([caller] { caller.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Control& control_;
};

AdminReply noStore() { return statusMessage(500, "there is no certificate store"); }
AdminReply unknown() {
  return statusMessage(404, "Certificate with given SHA256 fingerprint not found");
}

std::vector<std::string> split(const std::string& ids) {
  std::vector<std::string> list;
  std::string_view rest = ids;
  for (;;) {
    const std::size_t comma = rest.find(',');
    list.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return list;
    rest.remove_prefix(comma + 1);
  }
}

certs::CertificatePtr parsed(const std::string& id, const std::optional<std::string>& text,
                             const std::string& secret) {
  if (!text) return nullptr;
  auto certificate = certs::Certificate::parse(*text, secret);
  if (certificate) return *certificate;
  TYKPP_LOG(err, "api", "a stored certificate cannot be read: {} id={}",
            certificate.error().message(), log::quoted(id));
  return nullptr;
}

}  // namespace

CertCalls::Answer CertCalls::add(AdminRequest request) {
  certs::CertificateStore* store = control_.certificates();
  if (store == nullptr) co_return noStore();
  std::string org_id = queryValue(request.query, "org_id");
  const Result<std::string> id =
      co_await store->add(std::move(request.body), std::move(org_id), unixSeconds());
  if (!id) {
    const Error error = id.error();
    if (error.code() == Errc::kBadRequest) co_return statusMessage(403, error.message());
    co_return storeFailed(error);
  }
  InForce in_force(control_);
  co_await in_force;
  co_return jsonAnswer(R"({"id":)" + jsonString(*id) +
                       R"(,"status":"ok","message":"Certificate added"})");
}

CertCalls::Answer CertCalls::list(AdminRequest request) {
  certs::CertificateStore* store = control_.certificates();
  if (store == nullptr) co_return noStore();
  std::string org_id = queryValue(request.query, "org_id");
  const auto ids = co_await store->list(std::move(org_id));
  if (!ids) co_return storeFailed(ids.error());
  if (ids->empty()) co_return jsonAnswer(R"({"certs":null})");
  std::string json = R"({"certs":[)";
  if (queryValue(request.query, "mode") != "detailed") {
    for (const std::string& id : *ids) {
      json += (json.back() == '[' ? "" : ",") + jsonString(id);
    }
    co_return jsonAnswer(std::move(json) + "]}");
  }
  std::vector<std::string> wanted = *ids;
  const Result<Texts> texts = co_await store->getMany(std::move(wanted));
  if (!texts) co_return storeFailed(texts.error());
  for (std::size_t i = 0; i < ids->size(); ++i) {
    const auto certificate = parsed((*ids)[i], (*texts)[i], store->secret());
    if (certificate == nullptr) continue;
    json += (json.back() == '[' ? "" : ",") + basicsText((*ids)[i], *certificate);
  }
  co_return jsonAnswer(std::move(json) + "]}");
}

CertCalls::Answer CertCalls::get(std::string ids) {
  certs::CertificateStore* store = control_.certificates();
  if (store == nullptr) co_return noStore();
  const std::vector<std::string> wanted = split(ids);
  std::vector<std::string> asked = wanted;
  const Result<Texts> texts = co_await store->getMany(std::move(asked));
  if (!texts) co_return storeFailed(texts.error());
  std::string json;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto certificate = parsed(wanted[i], (*texts)[i], store->secret());
    if (certificate == nullptr && wanted.size() == 1) co_return unknown();
    json += (json.empty() ? "" : ",");
    json += certificate == nullptr ? "null" : detailsText(wanted[i], *certificate);
  }
  if (wanted.size() > 1) json = "[" + json + "]";
  co_return jsonAnswer(std::move(json));
}

CertCalls::Answer CertCalls::remove(std::string id, AdminRequest request) {
  certs::CertificateStore* store = control_.certificates();
  if (store == nullptr) co_return noStore();
  std::string org_id = queryValue(request.query, "org_id");
  if (org_id.empty()) org_id = certs::organisationOf(id);
  const Result<bool> removed = co_await store->remove(std::move(id), std::move(org_id));
  if (!removed) co_return storeFailed(removed.error());
  InForce in_force(control_);
  co_await in_force;
  co_return statusMessage(200, "removed");
}

}  // namespace tykpp::admin
