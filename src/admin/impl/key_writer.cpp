#include "admin/impl/key_writer.hpp"

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/auth_rules.hpp"
#include "definition/limit_rules.hpp"
#include "session/apply_policies.hpp"
#include "session/key_counters.hpp"
#include "session/lifetime.hpp"
#include "session/password.hpp"
#include "session/saturating.hpp"

namespace tykpp::admin {
namespace {

using session::SessionData;
constexpr std::string_view kCertificate = "cert-raw-";

session::ApiLifetime lifetimeOf(const definition::ApiSpec& api) {
  if (api.auth == nullptr) return {};
  return {api.auth->session_lifetime, api.auth->session_lifetime_respects_key_expiration};
}

/// Whether an edited key starts with a fresh quota: unless every API says otherwise.
template <class Apis>
bool setsQuota(const Apis& apis) {
  return apis.empty() || std::any_of(apis.begin(), apis.end(), [](const auto& api) {
           return api->limits == nullptr || !api->limits->dont_set_quota_on_create;
         });
}

}  // namespace

std::vector<KeyWriter::Api> KeyWriter::apisOf(const SessionData& session) const {
  std::vector<Api> apis = control_.apis();
  if (session.access_rights.empty()) return apis;
  std::erase_if(apis, [&](const Api& api) { return !session.access_rights.contains(api->api_id); });
  return apis;
}

Result<void> KeyWriter::apply(SessionData& session, const std::vector<Api>& apis) const {
  const auto policies = control_.policies();
  std::set<std::string_view> organisations;
  for (const Api& api : apis) organisations.insert(api->org_id);
  if (organisations.empty()) return session::applyPolicies(session, *policies, std::nullopt);
  for (const std::string_view org_id : organisations) {
    if (auto applied = session::applyPolicies(session, *policies, org_id); !applied) return applied;
  }
  return {};
}

/// Policies give new keys an end, and all of them what happens after it.
storage::StoreTask<bool> KeyWriter::startTrial(const std::string& name, SessionData& session) {
  const auto policies = control_.policies();
  std::int64_t lasts = 0;
  for (const std::string& id : session.policyIds()) {
    const session::Policy* policy = policies->find(id);
    if (policy == nullptr) continue;
    if (policy->key_expires_in > 0) lasts = policy->key_expires_in;
    if (policy->post_expiry_action.empty()) continue;
    session.post_expiry_action = policy->post_expiry_action;
    session.post_expiry_grace_period = policy->post_expiry_grace_period;
  }
  if (lasts <= 0) co_return true;
  const auto known = co_await control_.sessions().findByName(name, name);
  if (!known) co_return known.error();
  if (!*known) session.expires = session::saturatingAdd(unixSeconds(), lasts);
  co_return true;
}

std::int64_t KeyWriter::lifetime(const SessionData& session, const std::vector<Api>& apis) const {
  const definition::SessionConfig& config = control_.config().identity.sessions;
  const session::LifetimeRules rules{config.force_global_session_lifetime,
                                     config.global_session_lifetime,
                                     config.session_lifetime_respects_key_expiration};
  std::vector<session::ApiLifetime> lifetimes;
  lifetimes.reserve(apis.size());
  for (const Api& api : apis) lifetimes.push_back(lifetimeOf(*api));
  return session::lifetime(session, rules, lifetimes, unixSeconds());
}

net::Task<std::optional<KeyWriter::Refusal>> KeyWriter::store(const Order& order,
                                                              SessionData& session) {
  if (session.access_rights.empty() && !control_.config().identity.keys.allow_master_keys) {
    co_return Refusal{Problem::kMasterKey, Error(Errc::kForbidden, "Master keys not allowed")};
  }
  const std::vector<Api> apis = apisOf(session);
  const Result<bool> trial = co_await startTrial(order.name, session);
  if (!trial) co_return Refusal{Problem::kStore, trial.error()};
  const bool fresh = !order.keep_counters && setsQuota(apis);
  if (fresh) {
    session.limit.quota_renews =
        session::saturatingAdd(unixSeconds(), session.limit.quota_renewal_rate);
  }
  if (const auto applied = apply(session, apis); !applied) {
    co_return Refusal{Problem::kPolicies, applied.error()};
  }
  session::SessionStore& sessions = control_.sessions();
  if (fresh) {
    const Result<std::int64_t> reset =
        co_await session::resetCounters(sessions.client(), order.name, session);
    if (!reset) co_return Refusal{Problem::kStore, reset.error()};
  }
  const std::int64_t seconds = lifetime(session, apis);
  const Result<bool> saved = co_await sessions.save(order.name, session, seconds, order.condition);
  if (!saved) co_return Refusal{Problem::kStore, saved.error()};
  if (!*saved) co_return Refusal{Problem::kGone, Error(Errc::kNotFound, "the key is gone")};
  co_return std::nullopt;
}

storage::StoreTask<bool> KeyWriter::hasCertificate(const std::string& id) {
  const std::string key = std::string(kCertificate) + id;
  co_return co_await control_.sessions().client().exists(key);
}

storage::StoreTask<std::optional<std::string>> KeyWriter::badBinding(
    const SessionData& session, const std::vector<std::string>& known) {
  for (const std::string& id : session.mtls_static_certificate_bindings) {
    if (std::find(known.begin(), known.end(), id) != known.end()) continue;
    if (id.empty() || !id.starts_with(session.org_id)) {
      co_return std::optional<std::string>("invalid certificate ID: " + id);
    }
    const Result<bool> there = co_await hasCertificate(id);
    if (!there) co_return there.error();
    if (!*there) co_return std::optional<std::string>("certificate not found: " + id);
  }
  co_return std::optional<std::string>();
}

storage::StoreTask<bool> KeyWriter::keepPassword(SessionData& session, const SessionData* before) {
  std::string& password = session.basic_auth_data.password;
  if (password.empty()) {
    if (before != nullptr && !before->basic_auth_data.password.empty()) {
      session.basic_auth_data = before->basic_auth_data;
    }
    co_return true;
  }
  if (before != nullptr && before->basic_auth_data.password == password) {
    session.basic_auth_data = before->basic_auth_data;
    co_return true;
  }
  const std::string& function = control_.config().identity.keys.basic_auth_hash_key_function;
  auto hashing = control_.passwords().hash(control_.loop(), password, function);
  Result<session::BasicAuthData> hashed = co_await hashing;
  if (!hashed) co_return hashed.error();
  session.basic_auth_data = std::move(*hashed);
  co_return true;
}

}  // namespace tykpp::admin
