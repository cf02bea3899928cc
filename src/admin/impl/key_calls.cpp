#include "admin/impl/key_calls.hpp"

#include <algorithm>

#include "admin/impl/answers.hpp"
#include "admin/impl/session_text.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "session/apply_policies.hpp"
#include "session/key_counters.hpp"
#include "session/key_hash.hpp"

namespace tykpp::admin {
namespace {

using session::SessionData;

constexpr const char* kInsecure = "Failed to create key, ensure security settings are correct.";
constexpr std::string_view kUnknownHash = "Key requested by hash but key hashing is not enabled";

bool asksForHash(const AdminRequest& request) {
  return !queryValue(request.query, "hashed").empty();
}

/// What an edit leaves as it was.
void keepNumbers(SessionData& session, const SessionData& before) {
  session.limit.quota_renews = before.limit.quota_renews;
  session.last_updated = before.last_updated;
  for (const auto& [api_id, right] : before.access_rights) {
    const auto found = session.access_rights.find(api_id);
    if (right.limit.empty() || found == session.access_rights.end()) continue;
    found->second.limit.quota_renews = right.limit.quota_renews;
  }
}

const definition::ApiSpec* apiNamed(
    const std::vector<std::shared_ptr<const definition::ApiSpec>>& apis, const std::string& id) {
  for (const auto& api : apis) {
    if (api->api_id == id) return api.get();
  }
  return nullptr;
}

}  // namespace

std::string KeyCalls::named(const std::string& id, const AdminRequest& request) const {
  const definition::KeyConfig& keys = control_.config().identity.keys;
  if (queryValue(request.query, "username") != "true" || keys.disable_key_actions_by_username) {
    return id;
  }
  return session::makeToken(queryValue(request.query, "org_id"), id, keys.hash_key_function);
}

storage::StoreTask<KeyCalls::Found> KeyCalls::find(const std::string& org_id,
                                                   const std::string& key, bool hashed) {
  session::SessionStore& sessions = control_.sessions();
  if (key.empty()) co_return Found{};
  if (hashed) co_return co_await sessions.findByName(key, key);
  co_return co_await sessions.find(org_id, key);
}

KeyCalls::Answer KeyCalls::create(AdminRequest request) {
  auto parsed = readSession(request.body);
  if (!parsed) co_return statusMessage(500, "Unmarshalling failed");
  SessionData& session = *parsed;
  const definition::KeyConfig& keys = control_.config().identity.keys;
  const std::string token =
      session::makeToken(session.org_id, session.certificate, keys.hash_key_function);
  if (session.hmac_enabled) session.hmac_string = newSecret();
  if (!session.certificate.empty()) {
    const Result<Found> known = co_await find(session.org_id, token, false);
    if (!known) co_return storeFailed(known.error());
    if (*known) {
      co_return statusMessage(
          500, "Failed to create key - Key with given certificate already found:" + token);
    }
  }
  const std::vector<std::string> none;
  const auto binding = co_await writer_.badBinding(session, none);
  if (!binding) co_return storeFailed(binding.error());
  if (*binding) co_return statusMessage(400, **binding);
  session.last_updated = std::to_string(unixSeconds());
  session.date_created = timeNow();
  const auto policies = control_.policies();
  if (const auto applied = session::applyPolicies(session, *policies, std::nullopt); !applied) {
    co_return statusMessage(500, "Failed to create key - " + applied.error().message());
  }
  const KeyWriter::Order order{control_.sessions().nameOf(token)};
  const auto refusal = co_await writer_.store(order, session);
  if (refusal) {
    if (refusal->problem == KeyWriter::Problem::kStore) co_return storeFailed(refusal->error);
    if (refusal->problem != KeyWriter::Problem::kMasterKey) {
      co_return statusMessage(500, "Failed to create key - " + refusal->error.message());
    }
    co_return statusMessage(
        400, "Failed to create key, keys must have at least one Access Rights record set.");
  }
  control_.tokenChanged(TokenChange::kCreated, "Key generated.", session.org_id, token);
  co_return modified(token, "added",
                     keys.hash_keys ? std::string_view(order.name) : std::string_view());
}

KeyCalls::Answer KeyCalls::preview(AdminRequest request) {
  auto session = readSession(request.body);
  if (!session) co_return statusMessage(500, "Unmarshalling failed");
  session->last_updated = std::to_string(unixSeconds());
  session->date_created = timeNow();
  const auto policies = control_.policies();
  if (!session::applyPolicies(*session, *policies, std::nullopt)) {
    TYKPP_LOG(info, "api", "policies of a previewed key cannot be applied");
  }
  co_return jsonAnswer(session->json());
}

KeyCalls::Answer KeyCalls::write(std::string id, AdminRequest request) {
  const bool update = request.method == "PUT";
  const std::string key = update ? named(id, request) : id;
  AdminReply reply = co_await writeOne(key, request);
  if (!update || reply.status == 200 || key == id) co_return reply;
  co_return co_await writeOne(id, request);  // a key of the form before
}

KeyCalls::Answer KeyCalls::writeOne(const std::string& key, const AdminRequest& request) {
  const definition::KeyConfig& keys = control_.config().identity.keys;
  const bool update = request.method == "PUT";
  const bool hashed = asksForHash(request);
  const bool keep = queryValue(request.query, "suppress_reset") == "1";
  auto parsed = readSession(request.body);
  if (!parsed) co_return statusMessage(400, "Request malformed");
  SessionData& session = *parsed;
  const auto policies = control_.policies();
  // Tried again, and then for good, with the organisations of the APIs.
  if (!session::applyPolicies(session, *policies, std::nullopt)) {
    TYKPP_LOG(info, "api", "policies of a key cannot be applied");
  }
  Found found;
  if (update) {
    Result<Found> known = co_await find(session.org_id, key, hashed);
    if (!known) co_return storeFailed(known.error());
    if (!*known) co_return statusMessage(404, "Key is not found");
    found = std::move(*known);
  }
  const SessionData* before = found ? &found->data : nullptr;
  if (before != nullptr && session.certificate != before->certificate) {
    if (session.certificate.empty()) {
      co_return statusMessage(400, "Key cannot be used without a certificate");
    }
    const Result<bool> there = co_await writer_.hasCertificate(session.certificate);
    if (!there) co_return storeFailed(there.error());
    if (!*there) co_return statusMessage(400, "Key must be used with an existent certificate");
  }
  if (before != nullptr) {
    session.date_created = before->date_created;
  } else if (!request.plain_name) {
    session.date_created = timeNow();
  }
  if (before != nullptr && keep) keepNumbers(session, *before);
  if (!keep) session.last_updated = std::to_string(unixSeconds());
  if (session.expires > 1 && session.expires < unixSeconds()) {
    session.expires = before != nullptr ? before->expires : 0;
  }
  const std::vector<std::string> known_ids =
      before != nullptr ? before->mtls_static_certificate_bindings : std::vector<std::string>{};
  const auto binding = co_await writer_.badBinding(session, known_ids);
  if (!binding) co_return storeFailed(binding.error());
  if (*binding) co_return statusMessage(400, **binding);
  const bool basic = !session.basic_auth_data.password.empty();
  const Result<bool> kept = co_await writer_.keepPassword(session, before);
  if (!kept) {
    const bool bad = kept.error().code() == Errc::kBadRequest;
    co_return statusMessage(bad ? 400 : kept.error().status(), kept.error().message());
  }

  const std::string token = found ? found->token
                            : request.plain_name
                                ? key
                                : session::makeToken(session.org_id, key, keys.hash_key_function);
  KeyWriter::Order order;
  order.name = found ? found->key : hashed ? token : control_.sessions().nameOf(token);
  order.keep_counters = keep;
  // A key that was deleted meanwhile does not come back.
  order.condition = update ? storage::SetIf::kPresent : storage::SetIf::kAlways;
  const auto refusal = co_await writer_.store(order, session);
  if (refusal) {
    if (refusal->problem == KeyWriter::Problem::kStore) co_return storeFailed(refusal->error);
    if (refusal->problem == KeyWriter::Problem::kGone) {
      co_return statusMessage(404, "Key is not found");
    }
    TYKPP_LOG(err, "api", "key not stored key={} error={}", log::shownKey(token),
              log::quoted(refusal->error.message()));
    co_return statusMessage(500, kInsecure);
  }
  control_.tokenChanged(update ? TokenChange::kUpdated : TokenChange::kCreated, "Key modified.",
                        session.org_id, token);
  if (update) co_return modified(token, "modified");
  const std::string hash = keys.hash_keys ? order.name : std::string();
  co_return modified(basic && keys.hash_keys ? std::string() : token, "added", hash);
}

KeyCalls::Answer KeyCalls::get(std::string id, AdminRequest request) {
  const std::string key = named(id, request);
  AdminReply reply = co_await getOne(key, request);
  if (reply.status == 200 || key == id) co_return reply;
  co_return co_await getOne(id, request);
}

KeyCalls::Answer KeyCalls::getOne(const std::string& key, const AdminRequest& request) {
  const bool hashed = asksForHash(request);
  if (hashed && !control_.config().identity.keys.hash_keys) {
    co_return statusMessage(400, kUnknownHash);
  }
  const auto apis = control_.apis();
  const definition::ApiSpec* api = apiNamed(apis, queryValue(request.query, "api_id"));
  const std::string org_id = api != nullptr ? api->org_id : queryValue(request.query, "org_id");
  Result<Found> found = co_await find(org_id, key, hashed);
  if (!found) co_return storeFailed(found.error());
  if (!*found) co_return statusMessage(404, "Key not found");
  SessionData& session = (*found)->data;
  const auto policies = control_.policies();
  const std::optional<std::string_view> org =
      api != nullptr ? std::optional<std::string_view>(api->org_id) : std::nullopt;
  if (!session::applyPolicies(session, *policies, org)) {
    TYKPP_LOG(info, "api", "policies of a key cannot be applied key={}",
              log::shownKey((*found)->token));
  }
  const Result<bool> filled = co_await session::fillRemaining(
      control_.sessions().client(), (*found)->key, session, session::Uncounted::kWhole);
  if (!filled) co_return storeFailed(filled.error());
  session.basic_auth_data.password.clear();
  co_return jsonAnswer(session.json());
}

KeyCalls::Answer KeyCalls::remove(std::string id, AdminRequest request) {
  const std::string key = named(id, request);
  AdminReply reply = co_await removeOne(key, request);
  if (reply.status == 200 || key == id) co_return reply;
  co_return co_await removeOne(id, request);
}

KeyCalls::Answer KeyCalls::removeOne(const std::string& key, const AdminRequest& request) {
  const bool hashed = asksForHash(request);
  const std::string org_id = queryValue(request.query, "org_id");
  const Result<Found> found = co_await find(org_id, key, hashed);
  if (!found) co_return storeFailed(found.error());
  if (!*found) co_return statusMessage(404, "There is no such key found");
  session::SessionStore& sessions = control_.sessions();
  const session::StoredSession& known = **found;
  const Result<std::int64_t> reset =
      co_await session::resetCounters(sessions.client(), known.key, known.data);
  if (!reset) co_return storeFailed(reset.error());
  const std::vector<std::string> names{known.key};
  const Result<std::int64_t> removed = co_await sessions.remove(names);
  if (!removed) co_return storeFailed(removed.error());
  if (*removed == 0) co_return statusMessage(400, "Failed to remove the key");
  if (queryValue(request.query, "api_id") == "-1") co_return jsonAnswer("null");
  if (!hashed) {
    control_.tokenChanged(TokenChange::kDeleted, "Key deleted.", org_id, known.token);
  }
  co_return modified(known.token, "deleted");
}

KeyCalls::Answer KeyCalls::setPolicies(std::string hash, AdminRequest request) {
  auto policies = readPolicyIds(request.body);
  if (!policies) co_return statusMessage(400, "Couldn't decode instruction");
  const std::string no_org;
  Result<Found> found = co_await find(no_org, hash, true);
  if (!found) co_return storeFailed(found.error());
  if (!*found) co_return statusMessage(404, "Key not found");
  SessionData& session = (*found)->data;
  session.apply_policy_id.clear();
  session.apply_policies = std::move(*policies);
  session.last_updated = std::to_string(unixSeconds());
  const Result<bool> saved =
      co_await control_.sessions().save(hash, session, 0, storage::SetIf::kPresent);
  if (!saved || !*saved) co_return statusMessage(500, "Could not write key data");
  co_return modified(hash, "updated");
}

}  // namespace tykpp::admin
