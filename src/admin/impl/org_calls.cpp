#include "admin/impl/org_calls.hpp"

#include <algorithm>

#include "admin/impl/answers.hpp"
#include "admin/impl/session_text.hpp"
#include "base/clock.hpp"
#include "session/key_counters.hpp"
#include "session/saturating.hpp"
#include "session/session_store.hpp"

namespace tykpp::admin {
namespace {

constexpr std::string_view kOrgPrefix = "orgkey.";

std::string stored(std::string_view org_id) { return std::string(kOrgPrefix).append(org_id); }

}  // namespace

bool OrgCalls::served(const std::string& org_id) const {
  const auto apis = control_.apis();
  return std::any_of(apis.begin(), apis.end(),
                     [&](const auto& api) { return api->org_id == org_id; });
}

OrgCalls::Answer OrgCalls::list(AdminRequest request) {
  if (control_.apis().empty()) co_return statusMessage(404, "ORG not found");
  const std::string prefix = stored(queryValue(request.query, "filter"));
  storage::KeyStoreClient& client = control_.sessions().client();
  std::vector<std::string> names;
  std::string from;
  do {
    const Result<storage::KeyPage> page = co_await client.scan(prefix, from);
    if (!page) co_return storeFailed(page.error());
    for (const std::string& key : page->keys) names.push_back(key.substr(kOrgPrefix.size()));
    from = page->next;
  } while (!from.empty());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string json = R"({"keys":[)";
  for (const std::string& name : names) {
    if (json.back() != '[') json += ',';
    json += jsonString(name);
  }
  co_return jsonAnswer(std::move(json) + "]}");
}

OrgCalls::Answer OrgCalls::get(std::string org_id) {
  const std::string key = stored(org_id);
  const Result<std::optional<std::string>> text = co_await control_.sessions().client().get(key);
  if (!text) co_return storeFailed(text.error());
  if (!*text) co_return statusMessage(404, "Org not found");
  const auto session = session::SessionData::parse(**text);
  if (!session) co_return statusMessage(404, "Org not found");
  co_return jsonAnswer(session->json());
}

OrgCalls::Answer OrgCalls::write(std::string org_id, AdminRequest request) {
  auto session = readSession(request.body);
  if (!session) co_return statusMessage(400, "Request malformed");
  if (control_.config().identity.keys.suppress_default_org_store && !served(org_id)) {
    co_return statusMessage(404, "No such organisation found in Active API list");
  }
  session::SessionStore& sessions = control_.sessions();
  if (queryValue(request.query, "reset_quota") == "1") {
    session->limit.quota_renews =
        session::saturatingAdd(unixSeconds(), session->limit.quota_renewal_rate);
    for (const std::string& name : {org_id, sessions.nameOf(org_id)}) {
      const Result<std::int64_t> reset =
          co_await session::resetCounters(sessions.client(), name, *session);
      if (!reset) co_return storeFailed(reset.error());
    }
  }
  session->last_updated = std::to_string(unixSeconds());
  const std::string key = stored(org_id);
  const std::string json = session->json();
  const Result<bool> written =
      co_await sessions.client().set(key, json, std::chrono::seconds(0), storage::SetIf::kAlways);
  if (!written) {
    co_return statusMessage(500, "Error writing to key store " + written.error().message());
  }
  const std::vector<std::string> changed{org_id};
  co_await sessions.tellChanged(changed);
  co_return modified(org_id, request.method == "POST" ? "added" : "modified");
}

OrgCalls::Answer OrgCalls::remove(std::string org_id) {
  const std::vector<std::string> keys{stored(org_id)};
  session::SessionStore& sessions = control_.sessions();
  const Result<std::int64_t> removed = co_await sessions.client().remove(keys);
  if (!removed) co_return statusMessage(400, "Failed to remove the key");
  if (*removed == 0) co_return statusMessage(404, "Org not found");
  const std::vector<std::string> changed{org_id};
  co_await sessions.tellChanged(changed);
  co_return modified(org_id, "deleted");
}

}  // namespace tykpp::admin
