#include "oauth/issuer.hpp"

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "session/key_hash.hpp"

namespace tykpp::oauth {
namespace {

using session::SessionData;

constexpr std::int64_t kUsualLife = 3600;

/// As the policy says; it is applied again for each request.
std::optional<SessionData> fromPolicy(const session::PolicySet& policies, const std::string& id) {
  const session::Policy* policy = policies.find(id);
  if (policy == nullptr) return std::nullopt;
  SessionData session;
  session.apply_policies = {id};
  session.org_id = policy->org_id;
  session.allowance = policy->limit.rate.rate;
  session.limit = policy->limit;
  session.access_rights = policy->rights();
  session.hmac_enabled = policy->hmac_enabled;
  session.enable_http_signature_validation = policy->enable_http_signature_validation;
  session.is_inactive = policy->is_inactive;
  if (policy->tags) session.tags = *policy->tags;
  return session;
}

std::optional<SessionData> sessionFor(const Site& site, const TokenOrder& order) {
  if (order.user_data) {
    if (auto given = SessionData::parse(*order.user_data)) return std::move(*given);
  }
  return fromPolicy(site.policies(), order.client.policy_id);
}

}  // namespace

Result<MadeToken> makeToken(const Site& site, const TokenOrder& order) {
  auto session = sessionFor(site, order);
  if (!session) return Error(Errc::kNotFound, "neither key rules nor a policy to make a token of");
  const std::int64_t configured = site.config.identity.oauth.token_expire.count();
  Grant grant;
  grant.client = order.client;
  grant.expires_in = configured > 0 ? configured : kUsualLife;
  grant.scope = order.scope;
  grant.redirect_uri = order.redirect_uri;
  grant.created = timeNow();
  grant.user_data = order.user_data;
  grant.access_token =
      session::makeToken(session->org_id, {}, site.config.identity.keys.hash_key_function);
  if (order.with_refresh) grant.refresh_token = encodeBase64(newUuid());
  session->oauth_client_id = order.client.id;
  session->expires = unixSeconds() + grant.expires_in;
  // The session's own meta data win.
  for (auto& [name, value] : order.client.metaData()) session->meta_data.try_emplace(name, value);
  return MadeToken{std::move(grant), std::move(*session)};
}

}  // namespace tykpp::oauth
