// Where in an OAS document the members of the converted definition come from.

#include <array>
#include <string>
#include <string_view>

#include "definition/impl/definition_builder.hpp"
#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

struct Origin {
  std::string_view classic;
  std::string_view oas;  ///< below the extension
};
/// Longer places before those they start with.
constexpr Origin kOrigins[] = {
    {"/api_id", "/info/id"},
    {"/name", "/info/name"},
    {"/active", "/info/state/active"},
    {"/expiration", "/info/expiration"},
    {"/definition/location", "/info/versioning/location"},
    {"/definition/enabled", "/info/versioning/enabled"},
    {"/proxy/listen_path", "/server/listenPath/value"},
    {"/proxy/target_url", "/upstream/url"},
    {"/proxy/target_list", "/upstream/loadBalancing/targets"},
    {"/proxy/check_host_against_uptime_tests", "/upstream/loadBalancing/skipUnavailableHosts"},
    {"/proxy/transport/proxy_url", "/upstream/proxy/url"},
    {"/proxy/transport", "/upstream/tlsTransport"},
    {"/protocol", "/server/protocol"},
    {"/listen_port", "/server/port"},
    {"/domain", "/server/customDomain/name"},
    {"/certificates", "/server/customDomain/certificates"},
    {"/use_mutual_tls_auth", "/server/clientCertificates/enabled"},
    {"/enable_batch_request_support", "/server/batchProcessing/enabled"},
    {"/allowed_ips", "/server/ipAccessControl/allow"},
    {"/blacklisted_ips", "/server/ipAccessControl/block"},
    {"/use_keyless", "/server/authentication/enabled"},
    {"/hmac_allowed_algorithms", "/server/authentication/hmac/allowedAlgorithms"},
    {"/request_signing", "/upstream/authentication/requestSigning"},
    {"/upstream_auth/basic_auth", "/upstream/authentication/basicAuth"},
    {"/upstream_auth", "/upstream/authentication"},
    {"/auth_configs/authToken/use_certificate", "/server/authentication/certificateAuth/enabled"},
    {"/auth_configs", "/server/authentication/securitySchemes"},
    {"/jwt_jwks_uris", "/server/authentication/securitySchemes"},
    {"/jwt_source", "/server/authentication/securitySchemes"},
    {"/jwt_signing_method", "/server/authentication/securitySchemes"},
    {"/basic_auth", "/server/authentication/securitySchemes"},
    {"/use_oauth2", "/server/authentication/securitySchemes"},
    {"/use_openid", "/server/authentication/oidc"},
    {"/external_oauth", "/server/authentication/securitySchemes"},
    {"/strip_auth_data", "/server/authentication/stripAuthorizationData"},
    {"/custom_middleware/auth_check", "/server/authentication/custom/config"},
    {"/custom_middleware/id_extractor", "/server/authentication/custom/config/idExtractor"},
    {"/custom_middleware/pre", "/middleware/global/prePlugins"},
    {"/custom_middleware/post_key_auth", "/middleware/global/postAuthenticationPlugins"},
    {"/custom_middleware/post", "/middleware/global/postPlugins"},
    {"/custom_middleware/response", "/middleware/global/responsePlugins"},
    {"/custom_middleware_bundle", "/middleware/global/pluginConfig/bundle"},
    {"/analytics_plugin", "/middleware/global/trafficLogs/plugins/0"},
    {"/upstream_certificates", "/upstream/mutualTLS/domainToCertificateMapping"},
    {"/pinned_public_keys", "/upstream/certificatePinning/domainToPublicKeysMapping"},
    {"/global_rate_limit", "/upstream/rateLimit"},
    {"/CORS", "/middleware/global/cors"},
    {"/cache_options/cache_timeout", "/middleware/global/cache/timeout"},
    {"/cache_options/cache_by_headers", "/middleware/global/cache/cacheByHeaders"},
    {"/cache_options", "/middleware/global/cache"},
    {"/version_data/versions//global_headers", "/middleware/global/transformRequestHeaders/add"},
    {"/version_data/versions//global_headers_remove",
     "/middleware/global/transformRequestHeaders/remove"},
    {"/version_data/versions//global_response_headers",
     "/middleware/global/transformResponseHeaders/add"},
    {"/version_data/versions//global_response_headers_remove",
     "/middleware/global/transformResponseHeaders/remove"},
    {"/version_data/versions//global_size_limit", "/middleware/global/requestSizeLimit"},
    {"/version_data/versions//global_enforce_timeout", "/upstream/enforceTimeout/duration"},
};

/// Members whose last segment has another spelling in the OAS document.
std::string renamedTail(std::string rest) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames{
      {{"/timeout_ms", "/timeoutMs"},
       {"/on_error", "/onError"},
       {"/grpc_server", "/grpcServer"},
       {"/ssl_min_version", "/minVersion"},
       {"/ssl_max_version", "/maxVersion"},
       {"/enable", "/enabled"},
       {"/enable_cache", "/enabled"}}};
  for (const auto& [classic, oas] : kNames) {
    if (rest.ends_with(classic))
      return rest.substr(0, rest.size() - classic.size()) + std::string(oas);
  }
  return rest;
}

}  // namespace

std::string oasPointer(std::string_view classic_pointer) {
  const std::string base = std::string("/") + kExtension;
  // Grouped by event in one format, a plain list in the other: the list is as near as it gets.
  if (classic_pointer.starts_with("/event_handlers")) return base + "/server/eventHandlers";
  for (const Origin& origin : kOrigins) {
    if (!classic_pointer.starts_with(origin.classic)) continue;
    const std::string_view rest = classic_pointer.substr(origin.classic.size());
    if (!rest.empty() && rest.front() != '/') continue;
    return base + std::string(origin.oas) + renamedTail(std::string(rest));
  }
  return base;
}

}  // namespace tykpp::definition
