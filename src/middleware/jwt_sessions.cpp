#include "middleware/jwt_sessions.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "definition/auth_rules.hpp"
#include "definition/gateway_config.hpp"
#include "session/apply_policies.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"
#include "session/lifetime.hpp"

namespace tykpp::middleware {
namespace {

Error notAuthorized(std::string text) {
  return Error(Errc::kForbidden, Side::kClient, 403, std::move(text));
}
Error notAuthorized(const char* text) {
  return notAuthorized("key not authorized: " + std::string(text));
}

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool sameSet(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return one.size() == other.size() &&
         std::all_of(one.begin(), one.end(),
                     [&](const std::string& name) { return has(other, name); });
}

void addMissing(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (!has(list, name)) list.push_back(name);
  }
}

/// What a new session takes over from a policy before policies are applied to it.
session::SessionData fromPolicy(const session::Policy& policy, std::string org_id) {
  session::SessionData data;
  data.org_id = std::move(org_id);
  data.allowance = policy.limit.rate.rate;
  data.limit = policy.limit;
  data.limit.quota_remaining = 0;
  data.limit.quota_renews = 0;
  data.access_rights = policy.rights();
  data.hmac_enabled = policy.hmac_enabled;
  data.enable_http_signature_validation = policy.enable_http_signature_validation;
  data.is_inactive = policy.is_inactive;
  data.tags = policy.tags.value_or(std::vector<std::string>{});
  if (policy.key_expires_in > 0) data.expires = unixSeconds() + policy.key_expires_in;
  data.post_expiry_action = policy.post_expiry_action;
  data.post_expiry_grace_period = policy.post_expiry_grace_period;
  return data;
}

std::int64_t expiryOf(const TokenFacts& facts) {
  return facts.expires_at.state == TimeClaim::State::kSet ? facts.expires_at.seconds : 0;
}

}  // namespace

JwtSessions::JwtSessions(std::shared_ptr<const definition::AuthRules> auth, std::string org_id,
                         const definition::GatewayConfig& config)
    : auth_(std::move(auth)), rules_(auth_->jwt), org_id_(std::move(org_id)), config_(config) {}

std::string JwtSessions::tokenFor(std::string_view identity) const {
  return session::makeToken(org_id_, md5Hex(identity), config_.identity.keys.hash_key_function);
}

JwtSessions::Wanted JwtSessions::wantedBy(const TokenFacts& facts, std::string base) const {
  if (base.empty()) base = facts.base_policy;
  if (!base.empty() || rules_.default_policies.empty()) return {std::move(base), false};
  return {rules_.default_policies.front(), true};
}

bool JwtSessions::sameDefaults(const Names& had) const {
  return sameSet(had, rules_.default_policies);
}

bool JwtSessions::settled(const session::SessionEntry& entry, const TokenFacts& facts,
                          const session::PolicySet& policies) const {
  const session::SessionData& data = entry.stored();
  const Names& had = data.apply_policies;
  if (had.empty() || !facts.client.empty() || expiryOf(facts) > data.expires ||
      data.oauth_client_id != facts.oauth_client_id)
    return false;
  const bool by_default = facts.base_policy.empty();
  if (by_default && rules_.default_policies.empty() && !facts.has_scopes) return false;
  std::string_view base = facts.base_policy;
  if (by_default && !rules_.default_policies.empty()) base = rules_.default_policies.front();
  if (!base.empty() && policies.find(base) == nullptr) return false;
  if (facts.has_scopes) {
    const std::size_t more = by_default || has(facts.scope_policies, base) ? 0 : 1;
    if (had.size() != facts.scope_policies.size() + more) return false;
    if (more == 1 && !has(had, base)) return false;
    return std::all_of(facts.scope_policies.begin(), facts.scope_policies.end(),
                       [&had](const std::string& name) { return has(had, name); });
  }
  return has(had, base) && (!by_default || sameDefaults(had));
}

Result<JwtSessions::Names> JwtSessions::scoped(const Wanted& wanted,
                                               const TokenFacts& facts) const {
  // Scopes take the place of the defaults.
  Names names;
  if (!wanted.base.empty() && !wanted.by_default) names.push_back(wanted.base);
  addMissing(names, facts.scope_policies);
  if (names.empty()) return notAuthorized("no matching policy found in scope claim");
  return names;
}

Result<JwtSessions::Names> JwtSessions::policiesFor(const Names& had, const Wanted& wanted,
                                                    const TokenFacts& facts,
                                                    const session::PolicySet& policies) const {
  const session::Policy* policy = wanted.base.empty() ? nullptr : policies.find(wanted.base);
  if (!wanted.base.empty() && policy == nullptr) return notAuthorized("no matching policy");
  if (had.empty()) return notAuthorized("no matching policy found");
  const bool keep =
      wanted.base.empty() || (has(had, wanted.base) && (!wanted.by_default || sameDefaults(had)));
  if (!keep && policy->org_id != org_id_) return notAuthorized("no matching policy");
  if (facts.has_scopes) return scoped(wanted, facts);
  if (wanted.base.empty()) {
    // A token without policies must not live on those of an earlier one.
    return notAuthorized(rules_.scope_to_policy.empty() ? "no matching policy found"
                                                        : "no scope or policy in token");
  }
  if (keep) return had;
  Names names{wanted.base};
  if (wanted.by_default) addMissing(names, rules_.default_policies);
  return names;
}

Result<void> JwtSessions::apply(session::SessionData& data, Names names,
                                const session::PolicySet& policies, const char* refusal) const {
  data.apply_policies = std::move(names);
  data.apply_policy_id.clear();
  const Result<void> done = session::applyPolicies(data, policies, org_id_);
  if (done) return {};
  TYKPP_LOG(err, "jwt", "policies of a token cannot be applied: {}", done.error().message());
  return notAuthorized(refusal);
}

Result<session::SessionData> JwtSessions::made(const TokenFacts& facts, const Wanted& wanted,
                                               const session::PolicySet& policies) const {
  session::SessionData data;
  data.org_id = org_id_;
  if (!wanted.base.empty()) {
    const session::Policy* policy = policies.find(wanted.base);
    const bool usable = policy != nullptr && policy->org_id == org_id_;
    Names names;
    if (usable) {
      data = fromPolicy(*policy, org_id_);
      names.push_back(wanted.base);
    }
    if (wanted.by_default) addMissing(names, rules_.default_policies);
    data.apply_policies = std::move(names);
    if (const auto done = session::applyPolicies(data, policies, org_id_); !done) {
      return Error(Errc::kInternal, Side::kGateway, 500,
                   "failed to create key: " + done.error().message());
    }
    if (!usable) return notAuthorized("no matching policy");
  }
  data.expires = std::max(data.expires, expiryOf(facts));
  data.meta_data = {{"TykJWTSessionID", session::MetaValue{facts.session_token, true}}};
  data.alias = facts.identity;
  data.oauth_client_id = facts.oauth_client_id;
  if (facts.has_scopes) {
    Result<Names> names = scoped(wanted, facts);
    if (!names) return names.error();
    const Result<void> done =
        apply(data, std::move(*names), policies, "could not apply several policies");
    if (!done) return done.error();
  }
  if (data.apply_policies.empty()) return notAuthorized("no matching policy found");
  return data;
}

Result<std::optional<session::SessionData>> JwtSessions::changed(
    const session::SessionEntry& entry, const TokenFacts& facts, const Wanted& wanted,
    const session::PolicySet& policies) const {
  const Names had = entry.stored().policyIds();
  Result<Names> names = policiesFor(had, wanted, facts, policies);
  if (!names) return names.error();
  const bool others = !sameSet(*names, had);
  const bool longer = expiryOf(facts) > entry.stored().expires;
  const bool client = entry.stored().oauth_client_id != facts.oauth_client_id;
  if (!others && !longer && !client) return std::optional<session::SessionData>{};
  session::SessionData data = entry.stored();
  if (others) {
    const char* refusal =
        facts.has_scopes ? "could not apply several policies" : "could not apply new policy";
    const Result<void> done = apply(data, std::move(*names), policies, refusal);
    if (!done) return done.error();
  }
  data.expires = std::max(data.expires, expiryOf(facts));
  data.oauth_client_id = facts.oauth_client_id;
  return std::optional<session::SessionData>(std::move(data));
}

net::Task<JwtSessions::Entry> JwtSessions::stored(session::Keyring& keyring,
                                                  const TokenFacts& facts,
                                                  session::SessionData data) const {
  const definition::SessionConfig& sessions = config_.identity.sessions;
  const session::LifetimeRules rules{sessions.force_global_session_lifetime,
                                     sessions.global_session_lifetime,
                                     sessions.session_lifetime_respects_key_expiration};
  const session::ApiLifetime api{auth_->session_lifetime,
                                 auth_->session_lifetime_respects_key_expiration};
  const std::int64_t time = session::lifetime(data, rules, api, unixSeconds());
  const std::string name = keyring.store().nameOf(facts.session_token);
  const std::size_t bytes = data.json().size();
  auto entry =
      std::make_shared<session::SessionEntry>(name, facts.session_token, std::move(data), bytes);
  Result<bool> saved =
      co_await keyring.store().save(name, entry->stored(), time, storage::SetIf::kAlways);
  if (!saved) {
    TYKPP_LOG(err, "jwt", "the session of a token is not stored: {}", saved.error().message());
  }
  keyring.keep(entry, org_id_, facts.session_token);
  co_return entry;
}

net::Task<Result<JwtSessions::Entry>> JwtSessions::find(session::Keyring& keyring,
                                                        const TokenFacts& facts) const {
  std::string base;
  if (!facts.client.empty()) {
    Result<Entry> client = co_await keyring.find(org_id_, facts.client);
    if (client && *client != nullptr) {
      const Names names = (*client)->stored().policyIds();
      if (!names.empty()) base = names.front();
    }
  }
  Result<Entry> found = co_await keyring.find(org_id_, facts.session_token);
  if (!found) {
    TYKPP_LOG(err, "jwt", "the store of keys does not answer: {}", found.error().message());
  }
  Entry entry = found ? *found : nullptr;
  // A session whose policies are gone is made anew.
  if (entry != nullptr && !entry->applied(keyring.policies(), org_id_)) entry = nullptr;
  const Wanted wanted = wantedBy(facts, std::move(base));
  session::SessionData data;
  if (entry == nullptr) {
    Result<session::SessionData> fresh = made(facts, wanted, keyring.policies());
    if (!fresh) co_return fresh.error();
    data = std::move(*fresh);
  } else {
    Result<std::optional<session::SessionData>> other =
        changed(*entry, facts, wanted, keyring.policies());
    if (!other) co_return other.error();
    if (!*other) co_return entry;
    data = std::move(**other);
  }
  // Named, because g++ 12 moves parameters of a co_await expression bit by bit.
  net::Task<Entry> storing = stored(keyring, facts, std::move(data));
  Entry kept = co_await storing;
  co_return kept;
}

}  // namespace tykpp::middleware
