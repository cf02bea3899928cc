#include "gateway/chain_order.hpp"

#include "gateway/auth_steps.hpp"
#include "hooks/endpoint_plugin_step.hpp"
#include "hooks/hook_step.hpp"
#include "hooks/virtual_endpoint_step.hpp"
#include "middleware/access_rights.hpp"
#include "middleware/api_limits.hpp"
#include "middleware/auth_token.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/cache_lookup.hpp"
#include "middleware/client_certificate.hpp"
#include "middleware/context_variables.hpp"
#include "middleware/cors.hpp"
#include "middleware/endpoint_tracking.hpp"
#include "middleware/granular_access.hpp"
#include "middleware/header_transform.hpp"
#include "middleware/hmac_auth.hpp"
#include "middleware/ip_access.hpp"
#include "middleware/jwt.hpp"
#include "middleware/key_limits.hpp"
#include "middleware/method_transform.hpp"
#include "middleware/oauth_token.hpp"
#include "middleware/org_monitor.hpp"
#include "middleware/plugin_session.hpp"
#include "middleware/request_signing.hpp"
#include "middleware/request_size.hpp"
#include "middleware/session_check.hpp"
#include "middleware/strip_auth.hpp"
#include "middleware/url_rewrite.hpp"
#include "middleware/version_check.hpp"

namespace tykpp::gateway {
namespace {

/// Plugins and methods of authentication: the same for every version of an API. Whatever reads a
/// part of one version (`extended_paths` and the like) must not be marked.
constexpr auto kShared = chain::PerVersion::kShared;

}  // namespace

const std::vector<chain::StepEntry>& requestOrder() {
  static const std::vector<chain::StepEntry> order = {
      // Before pre hooks, unlike what the reference's documentation says: an expired API and a
      // blocked endpoint run no plugin.
      {middleware::VersionCheck::kName, &middleware::VersionCheck::create},
      // Preflight requests bring no credentials: they are answered before anybody asks for some.
      {middleware::Cors::kName, &middleware::Cors::create},
      // On keyless and protected APIs alike.
      {"pre", &hooks::createPreHooks, kShared},
      // Behind pre hooks, as in the reference: they see requests of every address.
      {middleware::IpAccess::kName, &middleware::IpAccess::create},
      // Of keyless APIs too, and before everybody who looks at credentials.
      {middleware::ClientCertificate::kName, &middleware::ClientCertificate::create},
      // Before anybody is asked who he is: an organisation may be switched off as a whole.
      {middleware::OrgMonitor::kName, &middleware::OrgMonitor::create},
      // Nothing long is read for somebody who has yet to say who he is.
      {middleware::RequestSize::kName, &middleware::RequestSize::create},
      // Refusals from here on know whether and as what they are recorded.
      {middleware::EndpointTracking::kName, &middleware::EndpointTracking::create},
      // In front of authentication: variables show credentials that are taken off later.
      {middleware::ContextVariables::kName, &middleware::ContextVariables::create},
      // Methods of authentication, in the reference's order: each that an API asks for has to
      // agree.
      {middleware::OAuthToken::kName, &withoutChoice<&middleware::OAuthToken::create>, kShared},
      {middleware::BasicAuth::kName, &withoutChoice<&middleware::BasicAuth::create>, kShared},
      {middleware::HmacAuth::kName, &withoutChoice<&middleware::HmacAuth::create>, kShared},
      {middleware::JwtAuth::kName, &withoutChoice<&middleware::JwtAuth::create>, kShared},
      // Beside the built-in methods, in their place.
      {"auth", &withoutChoice<&hooks::createAuthHook>, kShared},
      // The last method: also the one that is asked for when nothing else is. Whoever gets past
      // here is known.
      {middleware::AuthToken::kName, &withoutChoice<&middleware::AuthToken::create>, kShared},
      // In place of all those where a definition lets clients choose.
      {"auth_choice", &createAuthChoice, kShared},
      // What a plugin says about the client counts as if it had been stored under its key.
      {middleware::PluginSession::kName, &middleware::PluginSession::createAfterAuth},
      // Part of the protected branch: never on keyless APIs.
      {"post_auth", &hooks::createPostAuthHooks, kShared},
      {middleware::PluginSession::kName, &middleware::PluginSession::createAfterPostAuth},
      // Plugins behind authentication still see what the upstream must not.
      {middleware::StripAuth::kName, &middleware::StripAuth::create},
      // Nobody unknown, inactive or expired gets further on a protected API. After post-auth hooks,
      // as in the reference.
      {middleware::SessionCheck::kName, &middleware::createSessionCheck},
      // What a key may call comes before how often: a request that is refused here counts nowhere.
      {middleware::AccessRights::kName, &middleware::AccessRights::create},
      {middleware::GranularAccess::kName, &middleware::GranularAccess::create},
      {middleware::KeyLimits::kName, &middleware::KeyLimits::create},
      // All callers together, on keyless APIs too. Behind the key's limits, as in the reference: a
      // request that is refused here has used up some of its key's quota.
      {middleware::ApiLimits::kName, &middleware::ApiLimits::create},
      // In front of the rewrite: the URL that the client sent decides which headers count.
      {middleware::RequestHeaders::kName, &middleware::RequestHeaders::create},
      // These two say what goes upstream; who stands behind them still sees the client's request.
      {middleware::UrlRewrite::kName, &middleware::UrlRewrite::create},
      {middleware::MethodTransform::kName, &middleware::MethodTransform::create},
      // Whoever stands behind it is spared when an answer was kept, plugins included.
      {middleware::CacheLookup::kName, &middleware::CacheLookup::create},
      // Answers in place of the upstream: what stands behind it does not run then, response hooks
      // do.
      {"virtual_endpoint", &hooks::createVirtualEndpoints},
      // Changes that plugins make behind this are not covered, as in the reference.
      {middleware::RequestSigning::kName, &middleware::RequestSigning::create},
      // Functions of single endpoints stand before those of the whole API.
      {"endpoint_plugin", &hooks::createEndpointPlugins},
      // The last word before the upstream.
      {"post", &hooks::createPostHooks, kShared},
      {middleware::PluginSession::kName, &middleware::PluginSession::createAfterPost},
  };
  return order;
}

const std::vector<chain::ResponseStepEntry>& responseOrder() {
  static const std::vector<chain::ResponseStepEntry> order = {
      // Hooks see the headers that the client gets.
      {middleware::ResponseHeaders::kName, &middleware::ResponseHeaders::create},
      // After the built-in transforms, before error overrides and the cache.
      {"response", &hooks::createResponseHooks, kShared},
      // What is kept is what the client gets.
      {middleware::CacheStore::kName, &middleware::CacheStore::create},
  };
  return order;
}

}  // namespace tykpp::gateway
