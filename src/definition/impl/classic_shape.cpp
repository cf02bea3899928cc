// The members of a Classic definition and their types, top down at the end of the file.

#include "definition/impl/classic_shape.hpp"

#include "definition/impl/shape_words.hpp"

namespace tykpp::definition {
namespace {
using namespace words;

// clang-format off
// Upstream.
constexpr Field kTransportFields[] = {{"ssl_insecure_skip_verify", kB}, {"ssl_ciphers", kSL}, {"ssl_min_version", kU},
    {"ssl_max_version", kU}, {"ssl_force_common_name_check", kB}, {"proxy_url", kS}};
constexpr Shape kTransport = object(kTransportFields);
constexpr Field kDiscoveryFields[] = {{"use_discovery_service", kB}, {"query_endpoint", kS}, {"data_path", kS},
    {"use_nested_query", kB}, {"parent_data_path", kS}, {"port_data_path", kS}, {"target_path", kS},
    {"use_target_list", kB}, {"cache_disabled", kB}, {"cache_timeout", kI}, {"endpoint_returns_list", kB}};
constexpr Shape kDiscovery = object(kDiscoveryFields);
constexpr Field kProxyFields[] = {{"listen_path", kS}, {"strip_listen_path", kB}, {"target_url", kS},
    {"disable_strip_slash", kB}, {"preserve_host_header", kB}, {"enable_load_balancing", kB}, {"target_list", kSL},
    {"check_host_against_uptime_tests", kB}, {"service_discovery", &kDiscovery}, {"transport", &kTransport}};
constexpr Shape kProxy = object(kProxyFields);
constexpr Field kUpstreamHeaderFields[] = {{"enabled", kB}, {"name", kS}};
constexpr Shape kUpstreamHeader = object(kUpstreamHeaderFields);
constexpr Field kUpstreamBasicFields[] = {{"enabled", kB}, {"username", kS}, {"password", kS},
    {"header", &kUpstreamHeader}};
constexpr Shape kUpstreamBasic = object(kUpstreamBasicFields);
constexpr Field kUpstreamAuthFields[] = {{"enabled", kB}, {"basic_auth", &kUpstreamBasic}, {"oauth", kXM}};
constexpr Shape kUpstreamAuth = object(kUpstreamAuthFields);
constexpr Field kSigningFields[] = {{"is_enabled", kB}, {"secret", kS}, {"key_id", kS}, {"algorithm", kS},
    {"header_list", kSL}, {"certificate_id", kS}, {"signature_header", kS}};
constexpr Shape kSigning = object(kSigningFields);

// Authentication.
constexpr Field kSignatureFields[] = {{"algorithm", kS}, {"header", kS}, {"use_param", kB}, {"param_name", kS},
    {"secret", kS}, {"allowed_clock_skew", kI}, {"error_code", kI}, {"error_message", kS}};
constexpr Shape kSignature = object(kSignatureFields);
constexpr Field kAuthFields[] = {{"name", kS}, {"auth_header_name", kS}, {"disable_header", kB}, {"use_param", kB},
    {"param_name", kS}, {"use_cookie", kB}, {"cookie_name", kS}, {"use_certificate", kB}, {"validate_signature", kB},
    {"signature", &kSignature}};
constexpr Shape kAuth = object(kAuthFields);
constexpr Shape kAuthConfigs = mapOf(kAuth);
constexpr Field kBasicFields[] = {{"disable_caching", kB}, {"cache_ttl", kI}, {"extract_from_body", kB},
    {"body_user_regexp", kS}, {"body_password_regexp", kS}};
constexpr Shape kBasic = object(kBasicFields);
constexpr Field kOauthMetaFields[] = {{"allowed_access_types", kSL}, {"allowed_authorize_types", kSL},
    {"auth_login_redirect", kS}};
constexpr Shape kOauthMeta = object(kOauthMetaFields);
constexpr Field kOidcProviderFields[] = {{"issuer", kS}, {"client_ids", kSM}};
constexpr Shape kOidcProvider = object(kOidcProviderFields);
constexpr Shape kOidcProviders = listOf(kOidcProvider);
constexpr Field kOpenidFields[] = {{"providers", &kOidcProviders}, {"segregate_by_client", kB}};
constexpr Shape kOpenid = object(kOpenidFields);
constexpr Shape kFreeList = listOf(kFreeObjectShape);
constexpr Field kExternalOauthFields[] = {{"enabled", kB}, {"providers", &kFreeList}};
constexpr Shape kExternalOauth = object(kExternalOauthFields);
constexpr Field kJwksFields[] = {{"url", kS}, {"cache_timeout", kS}};
constexpr Shape kJwks = object(kJwksFields);
constexpr Shape kJwksList = listOf(kJwks);
constexpr Field kScopeFields[] = {{"scope_claim_name", kS}, {"scope_to_policy", kSM}};
constexpr Shape kScope = object(kScopeFields);
constexpr Field kScopesFields[] = {{"jwt", &kScope}, {"oidc", &kScope}};
constexpr Shape kScopes = object(kScopesFields);
constexpr Shape kStringLists = listOf(kStringListShape);
constexpr Field kProviderFields[] = {{"name", kS}, {"storage_engine", kS}, {"meta", kXM}};
constexpr Shape kProvider = object(kProviderFields);
constexpr Field kNotificationFields[] = {{"shared_secret", kS}, {"oauth_on_keychange_url", kS}};
constexpr Shape kNotifications = object(kNotificationFields);

// Limits, cache, events.
constexpr Field kRateFields[] = {{"disabled", kB}, {"rate", kF}, {"per", kF}};
constexpr Shape kRate = object(kRateFields);
constexpr Field kCorsFields[] = {{"enable", kB}, {"allowed_origins", kSL}, {"allowed_methods", kSL},
    {"allowed_headers", kSL}, {"exposed_headers", kSL}, {"allow_credentials", kB}, {"max_age", kI},
    {"options_passthrough", kB}, {"debug", kB}};
constexpr Shape kCors = object(kCorsFields);
constexpr Field kCacheFields[] = {{"enable_cache", kB}, {"cache_timeout", kI}, {"cache_all_safe_requests", kB},
    {"cache_response_codes", kIL}, {"enable_upstream_cache_control", kB}, {"cache_control_ttl_header", kS},
    {"cache_by_headers", kSL}};
constexpr Shape kCache = object(kCacheFields);
constexpr Field kProcessorFields[] = {{"name", kS}, {"options", kX}};
constexpr Shape kProcessor = object(kProcessorFields);
constexpr Shape kProcessors = listOf(kProcessor);
constexpr Field kHandlerFields[] = {{"handler_name", kS}, {"handler_meta", kXM}};
constexpr Shape kHandler = object(kHandlerFields);
constexpr Shape kHandlers = listOf(kHandler);
constexpr Shape kEvents = mapOf(kHandlers);
constexpr Field kEventHandlerFields[] = {{"events", &kEvents}};
constexpr Shape kEventHandlers = object(kEventHandlerFields);
constexpr Field kCommandFields[] = {{"name", kS}, {"message", kS}};
constexpr Shape kCommand = object(kCommandFields);
constexpr Shape kCommands = listOf(kCommand);
constexpr Field kCheckFields[] = {{"url", kS}, {"protocol", kS}, {"timeout", kI}, {"enable_proxy_protocol", kB},
    {"commands", &kCommands}, {"method", kS}, {"headers", kSM}, {"body", kS}};
constexpr Shape kCheck = object(kCheckFields);
constexpr Shape kChecks = listOf(kCheck);
constexpr Field kUptimeConfigFields[] = {{"expire_utime_after", kI}, {"recheck_wait", kI},
    {"service_discovery", &kDiscovery}};
constexpr Shape kUptimeConfig = object(kUptimeConfigFields);
constexpr Field kUptimeFields[] = {{"disabled", kB}, {"check_list", &kChecks}, {"config", &kUptimeConfig}};
constexpr Shape kUptime = object(kUptimeFields);
constexpr Shape kOverrides = mapOf(kFreeList);
constexpr Field kAnalyticsPluginFields[] = {{"enable", kB}, {"plugin_path", kS}, {"func_name", kS}, {"driver", kS},
    {"timeout_ms", kI}, {"on_error", kS}, {"isolate", kB}};
constexpr Shape kAnalyticsPlugin = object(kAnalyticsPluginFields);

// Plugins. `driver`, `timeout_ms`, `on_error`, `isolate` and `grpc_server` of an entry are ours, and the API's `grpc_server`.
constexpr Field kHookFields[] = {{"disabled", kB}, {"name", kS}, {"path", kS}, {"code", kS}, {"require_session", kB},
    {"raw_body_only", kB}, {"driver", kS}, {"timeout_ms", kI}, {"on_error", kS}, {"grpc_server", kS},
    {"isolate", kB}};
constexpr Shape kHook = object(kHookFields);
constexpr Shape kHooks = listOf(kHook);
constexpr Field kExtractorFields[] = {{"disabled", kB}, {"extract_from", kS}, {"extract_with", kS},
    {"extractor_config", kXM}};
constexpr Shape kExtractor = object(kExtractorFields);
constexpr Field kMiddlewareFields[] = {{"driver", kS}, {"grpc_server", kS}, {"pre", &kHooks}, {"post_key_auth", &kHooks}, {"post", &kHooks},
    {"response", &kHooks}, {"auth_check", &kHook}, {"traffic_logs", &kHook}, {"id_extractor", &kExtractor}};
constexpr Shape kMiddleware = object(kMiddlewareFields);

// Versions and endpoint rules.
constexpr Field kActionFields[] = {{"action", kS}, {"code", kI}, {"data", kS}, {"headers", kSM}};
constexpr Shape kAction = object(kActionFields);
constexpr Shape kActions = mapOf(kAction);
constexpr Field kEndpointFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"ignore_case", kB},
    {"method_actions", &kActions}};
constexpr Shape kEndpoint = object(kEndpointFields);
constexpr Shape kEndpoints = listOf(kEndpoint);
constexpr Field kMockFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"ignore_case", kB}, {"code", kI},
    {"body", kS}, {"headers", kSM}};
constexpr Shape kMock = object(kMockFields);
constexpr Shape kMocks = listOf(kMock);
constexpr Field kEndpointCacheFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"cache_key_regex", kS},
    {"cache_response_codes", kIL}, {"timeout", kI}};
constexpr Shape kEndpointCache = object(kEndpointCacheFields);
constexpr Shape kEndpointCaches = listOf(kEndpointCache);
constexpr Field kTemplateFields[] = {{"input_type", kS}, {"template_mode", kS}, {"enable_session", kB},
    {"template_source", kS}};
constexpr Shape kTemplate = object(kTemplateFields);
constexpr Field kBodyFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"template_data", &kTemplate}};
constexpr Shape kBody = object(kBodyFields);
constexpr Shape kBodies = listOf(kBody);
constexpr Field kJqFields[] = {{"path", kS}, {"method", kS}, {"filter", kS}};
constexpr Shape kJq = object(kJqFields);
constexpr Shape kJqs = listOf(kJq);
constexpr Field kHeaderFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"delete_headers", kSL},
    {"add_headers", kSM}, {"act_on", kB}};
constexpr Shape kHeader = object(kHeaderFields);
constexpr Shape kHeaders = listOf(kHeader);
constexpr Field kTimeoutFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"timeout", kI}, {"duration", kS}};
constexpr Shape kTimeout = object(kTimeoutFields);
constexpr Shape kTimeouts = listOf(kTimeout);
constexpr Field kBreakerFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"threshold_percent", kF},
    {"samples", kI}, {"return_to_service_after", kI}, {"disable_half_open_state", kB}};
constexpr Shape kBreaker = object(kBreakerFields);
constexpr Shape kBreakers = listOf(kBreaker);
constexpr Field kRewriteFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"match_pattern", kS},
    {"rewrite_to", kS}, {"triggers", &kFreeList}};
constexpr Shape kRewrite = object(kRewriteFields);
constexpr Shape kRewrites = listOf(kRewrite);
constexpr Field kVirtualFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"response_function_name", kS},
    {"function_source_type", kS}, {"function_source_uri", kS}, {"use_session", kB}, {"proxy_on_error", kB}};
constexpr Shape kVirtual = object(kVirtualFields);
constexpr Shape kVirtuals = listOf(kVirtual);
constexpr Field kSizeFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"size_limit", kI}};
constexpr Shape kSize = object(kSizeFields);
constexpr Shape kSizes = listOf(kSize);
constexpr Field kMethodFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"to_method", kS}};
constexpr Shape kMethod = object(kMethodFields);
constexpr Shape kMethods = listOf(kMethod);
constexpr Field kJsonRuleFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"schema", kXM},
    {"schema_b64", kS}, {"error_response_code", kI}};
constexpr Shape kJsonRule = object(kJsonRuleFields);
constexpr Shape kJsonRules = listOf(kJsonRule);
constexpr Field kRequestRuleFields[] = {{"enabled", kB}, {"path", kS}, {"method", kS}, {"error_response_code", kI}};
constexpr Shape kRequestRule = object(kRequestRuleFields);
constexpr Shape kRequestRules = listOf(kRequestRule);
constexpr Field kGoFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"plugin_path", kS}, {"func_name", kS}};
constexpr Shape kGo = object(kGoFields);
constexpr Shape kGos = listOf(kGo);
constexpr Field kPersistFields[] = {{"path", kS}, {"method", kS}, {"operation", kS}, {"variables", kXM}};
constexpr Shape kPersist = object(kPersistFields);
constexpr Shape kPersists = listOf(kPersist);
constexpr Field kEndpointRateFields[] = {{"disabled", kB}, {"path", kS}, {"method", kS}, {"rate", kF}, {"per", kF}};
constexpr Shape kEndpointRate = object(kEndpointRateFields);
constexpr Shape kEndpointRates = listOf(kEndpointRate);
constexpr Field kExtendedFields[] = {{"ignored", &kEndpoints}, {"white_list", &kEndpoints},
    {"black_list", &kEndpoints}, {"mock_response", &kMocks}, {"cache", kSL}, {"advance_cache_config", &kEndpointCaches},
    {"transform", &kBodies}, {"transform_response", &kBodies}, {"transform_jq", &kJqs},
    {"transform_jq_response", &kJqs}, {"transform_headers", &kHeaders}, {"transform_response_headers", &kHeaders},
    {"hard_timeouts", &kTimeouts}, {"circuit_breakers", &kBreakers}, {"url_rewrites", &kRewrites},
    {"virtual", &kVirtuals}, {"size_limits", &kSizes}, {"method_transforms", &kMethods},
    {"track_endpoints", &kEndpoints}, {"do_not_track_endpoints", &kEndpoints}, {"validate_json", &kJsonRules},
    {"validate_request", &kRequestRules}, {"internal", &kEndpoints}, {"go_plugin", &kGos},
    {"persist_graphql", &kPersists}, {"rate_limit", &kEndpointRates}};
constexpr Shape kExtended = object(kExtendedFields);
constexpr Field kPathsFields[] = {{"ignored", kSL}, {"white_list", kSL}, {"black_list", kSL}};
constexpr Shape kPaths = object(kPathsFields);
constexpr Field kVersionFields[] = {{"name", kS}, {"expires", kS}, {"use_extended_paths", kB}, {"paths", &kPaths},
    {"extended_paths", &kExtended}, {"global_headers", kSM}, {"global_headers_remove", kSL},
    {"global_headers_disabled", kB}, {"global_response_headers", kSM}, {"global_response_headers_remove", kSL},
    {"global_response_headers_disabled", kB}, {"global_size_limit", kI}, {"global_size_limit_disabled", kB},
    {"global_enforce_timeout", kS}, {"global_enforce_timeout_disabled", kB}, {"ignore_endpoint_case", kB},
    {"override_target", kS}};
constexpr Shape kVersion = object(kVersionFields);
constexpr Shape kVersions = mapOf(kVersion);
constexpr Field kVersionDataFields[] = {{"not_versioned", kB}, {"default_version", kS}, {"versions", &kVersions}};
constexpr Shape kVersionData = object(kVersionDataFields);
constexpr Field kDefinitionFields[] = {{"enabled", kB}, {"name", kS}, {"default", kS}, {"location", kS}, {"key", kS},
    {"strip_path", kB}, {"strip_versioning_data", kB}, {"url_versioning_pattern", kS}, {"fallback_to_default", kB},
    {"versions", kSM}, {"base_id", kS}};
constexpr Shape kDefinition = object(kDefinitionFields);
constexpr Field kGraphqlFields[] = {{"enabled", kB}, {"execution_mode", kS}, {"version", kS}, {"schema", kS},
    {"last_schema_update", kX}, {"playground", kX}, {"engine", kX}, {"proxy", kX}, {"subgraph", kX}, {"supergraph", kX},
    {"introspection", kX}, {"type_field_configurations", kX}};
constexpr Shape kGraphql = object(kGraphqlFields);

constexpr Field kRootFields[] = {{"id", kS}, {"api_id", kS}, {"org_id", kS}, {"name", kS}, {"slug", kS}, {"active", kB},
    {"internal", kB}, {"expiration", kS}, {"is_oas", kB}, {"listen_port", kI}, {"protocol", kS},
    {"enable_proxy_protocol", kB}, {"domain", kS}, {"domain_disabled", kB}, {"certificates", kSL}, {"tags", kSL},
    {"tags_disabled", kB}, {"json_rpc_version", kS}, {"application_protocol", kS}, {"config_data", kXM},
    {"config_data_disabled", kB}, {"detailed_tracing", kB}, {"proxy", &kProxy}, {"upstream_certificates", kSM},
    {"upstream_certificates_disabled", kB}, {"pinned_public_keys", kSM}, {"certificate_pinning_disabled", kB},
    {"upstream_auth", &kUpstreamAuth}, {"request_signing", &kSigning}, {"use_keyless", kB}, {"use_standard_auth", kB},
    {"use_basic_auth", kB}, {"enable_signature_checking", kB}, {"enable_jwt", kB}, {"use_oauth2", kB},
    {"use_openid", kB}, {"external_oauth", &kExternalOauth}, {"custom_plugin_auth_enabled", kB},
    {"enable_coprocess_auth", kB}, {"use_go_plugin_auth", kB}, {"use_mutual_tls_auth", kB},
    {"client_certificates", kSL}, {"base_identity_provided_by", kS}, {"strip_auth_data", kB}, {"auth", &kAuth},
    {"auth_configs", &kAuthConfigs}, {"security_requirements", &kStringLists}, {"security_requirement_scopes", kX},
    {"session_lifetime", kI}, {"session_lifetime_respects_key_expiration", kB}, {"auth_provider", &kProvider},
    {"session_provider", &kProvider}, {"dont_set_quota_on_create", kB}, {"notifications", &kNotifications},
    {"basic_auth", &kBasic}, {"hmac_allowed_clock_skew", kF}, {"hmac_allowed_algorithms", kSL},
    {"oauth_meta", &kOauthMeta}, {"openid_options", &kOpenid}, {"jwt_signing_method", kS}, {"jwt_source", kS},
    {"jwt_jwks_uris", &kJwksList}, {"jwt_identity_base_field", kS}, {"jwt_policy_field_name", kS},
    {"jwt_client_base_field", kS}, {"jwt_default_policies", kSL}, {"jwt_issued_at_validation_skew", kU},
    {"jwt_expires_at_validation_skew", kU}, {"jwt_not_before_validation_skew", kU}, {"jwt_skip_kid", kB},
    {"scopes", &kScopes}, {"jwt_scope_claim_name", kS}, {"jwt_scope_to_policy_mapping", kSM},
    {"idp_client_id_mapping_disabled", kB}, {"global_rate_limit", &kRate}, {"disable_rate_limit", kB},
    {"disable_quota", kB}, {"allowed_ips", kSL}, {"blacklisted_ips", kSL}, {"enable_ip_whitelisting", kB},
    {"enable_ip_blacklisting", kB}, {"ip_access_control_disabled", kB}, {"CORS", &kCors},
    {"enable_batch_request_support", kB}, {"enable_context_vars", kB}, {"cache_options", &kCache}, {"do_not_track", kB},
    {"expire_analytics_after", kI}, {"tag_headers", kSL}, {"enable_detailed_recording", kB},
    {"analytics_plugin", &kAnalyticsPlugin}, {"response_processors", &kProcessors},
    {"event_handlers", &kEventHandlers}, {"uptime_tests", &kUptime}, {"error_overrides", &kOverrides},
    {"error_overrides_disabled", kB}, {"graphql", &kGraphql}, {"custom_middleware", &kMiddleware},
    {"custom_middleware_bundle", kS}, {"custom_middleware_bundle_disabled", kB}, {"version_data", &kVersionData},
    {"definition", &kDefinition}};
constexpr Shape kRoot = object(kRootFields);
// clang-format on

}  // namespace

const Shape& classicShape() { return kRoot; }

}  // namespace tykpp::definition
