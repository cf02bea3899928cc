#include "middleware/key_certificates.hpp"

#include "base/log.hpp"
#include "certs/certificate_store.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

/// Other gateways change the store without a word.
constexpr auto kCertificateLasts = std::chrono::minutes(1);

}  // namespace

certs::CertificatePtr KeyCertificates::cached(const session::Keyring& keyring,
                                              std::string_view id) {
  if (as_of_ != keyring.certificates()) {
    known_.clear();
    as_of_ = keyring.certificates();
  }
  const auto found = known_.find(id);
  if (found == known_.end() || found->second.until <= keyring.now()) return nullptr;
  return found->second.certificate;
}

net::Task<Result<certs::CertificatePtr>> KeyCertificates::find(session::Keyring& keyring,
                                                               std::string id) {
  if (certs::CertificatePtr known = cached(keyring, id)) co_return known;
  certs::CertificateStore store(keyring.client(), "");
  const Result<std::optional<std::string>> text = co_await store.get(id);
  if (!text) co_return text.error();
  if (!*text) co_return certs::CertificatePtr{};
  Result<certs::CertificatePtr> parsed = certs::Certificate::parse(**text, "");
  if (!parsed) {
    TYKPP_LOG(err, "auth", "certificate {}: {}", log::quoted(id), parsed.error().message());
    co_return certs::CertificatePtr{};
  }
  // Whatever changed meanwhile may have changed this one, too.
  if (as_of_ == keyring.certificates()) {
    if (known_.size() >= kMost) known_.clear();
    known_[std::move(id)] = {*parsed, keyring.now() + kCertificateLasts};
  }
  co_return *parsed;
}

}  // namespace tykpp::middleware
