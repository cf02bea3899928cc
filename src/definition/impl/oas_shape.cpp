// The members of `x-tyk-api-gateway` and their types, top down at the end of the file.

#include "definition/impl/oas_shape.hpp"

#include "definition/impl/shape_words.hpp"

namespace tykpp::definition {
namespace {
using namespace words;

// clang-format off
constexpr Field kEnabledFields[] = {{"enabled", kB}};
constexpr Shape kEnabled = object(kEnabledFields);
constexpr Shape kFreeList = listOf(kFreeObjectShape);
constexpr Shape kStringLists = listOf(kStringListShape);

constexpr Field kStateFields[] = {{"active", kB}, {"internal", kB}};
constexpr Shape kState = object(kStateFields);
constexpr Field kVersionIdFields[] = {{"name", kS}, {"id", kS}};
constexpr Shape kVersionId = object(kVersionIdFields);
constexpr Shape kVersionIds = listOf(kVersionId);
constexpr Field kVersioningFields[] = {{"enabled", kB}, {"name", kS}, {"default", kS}, {"location", kS}, {"key", kS},
    {"versions", &kVersionIds}, {"stripVersioningData", kB}, {"urlVersioningPattern", kS}, {"fallbackToDefault", kB}};
constexpr Shape kVersioning = object(kVersioningFields);
constexpr Field kInfoFields[] = {{"id", kS}, {"dbId", kS}, {"orgId", kS}, {"name", kS}, {"expiration", kS},
    {"state", &kState}, {"versioning", &kVersioning}};
constexpr Shape kInfo = object(kInfoFields);

constexpr Field kListenPathFields[] = {{"value", kS}, {"strip", kB}};
constexpr Shape kListenPath = object(kListenPathFields);
constexpr Field kClientCertificateFields[] = {{"enabled", kB}, {"allowlist", kSL}};
constexpr Shape kClientCertificates = object(kClientCertificateFields);
constexpr Field kTagFields[] = {{"enabled", kB}, {"tags", kSL}};
constexpr Shape kTags = object(kTagFields);
constexpr Field kDomainFields[] = {{"enabled", kB}, {"name", kS}, {"certificates", kSL}};
constexpr Shape kDomain = object(kDomainFields);
constexpr Field kIpFields[] = {{"enabled", kB}, {"allow", kSL}, {"block", kSL}};
constexpr Shape kIp = object(kIpFields);
constexpr Field kSourceFields[] = {{"enabled", kB}, {"name", kS}};
constexpr Shape kSource = object(kSourceFields);
constexpr Field kExtractorFields[] = {{"enabled", kB}, {"source", kS}, {"with", kS}, {"config", kXM}};
constexpr Shape kExtractor = object(kExtractorFields);
// `driver`, `timeoutMs`, `onError`, `grpcServer` and `isolate` are ours.
constexpr Field kAuthConfigFields[] = {{"enabled", kB}, {"functionName", kS}, {"path", kS}, {"code", kS},
    {"rawBodyOnly", kB}, {"requireSession", kB}, {"idExtractor", &kExtractor}, {"driver", kS}, {"timeoutMs", kI},
    {"onError", kS}, {"grpcServer", kS}, {"isolate", kB}};
constexpr Shape kAuthConfig = object(kAuthConfigFields);
constexpr Field kCustomFields[] = {{"enabled", kB}, {"config", &kAuthConfig}, {"header", &kSource},
    {"query", &kSource}, {"cookie", &kSource}};
constexpr Shape kCustom = object(kCustomFields);
constexpr Field kLifetimeFields[] = {{"enabled", kB}, {"value", kS}, {"respectValidity", kB}};
constexpr Shape kLifetime = object(kLifetimeFields);
constexpr Shape kSchemes = mapOf(kFreeObjectShape);
constexpr Field kHmacFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"allowedAlgorithms", kSL}, {"allowedClockSkew", kF}};
constexpr Shape kHmac = object(kHmacFields);
constexpr Field kOidcFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"segregateByClientId", kB}, {"providers", &kFreeList}, {"scopes", kXM}};
constexpr Shape kOidc = object(kOidcFields);
constexpr Field kAuthFields[] = {{"enabled", kB}, {"stripAuthorizationData", kB}, {"baseIdentityProvider", kS},
    {"hmac", &kHmac}, {"oidc", &kOidc}, {"custom", &kCustom}, {"certificateAuth", &kEnabled},
    {"customKeyLifetime", &kLifetime}, {"securityProcessingMode", kS}, {"security", &kStringLists},
    {"protectedResourceMetadata", kXM}, {"securitySchemes", &kSchemes}};
constexpr Shape kAuth = object(kAuthFields);
constexpr Field kServerFields[] = {{"listenPath", &kListenPath}, {"protocol", kS}, {"port", kI},
    {"clientCertificates", &kClientCertificates}, {"gatewayTags", &kTags}, {"customDomain", &kDomain},
    {"detailedActivityLogs", &kEnabled}, {"detailedTracing", &kEnabled}, {"eventHandlers", &kFreeList},
    {"ipAccessControl", &kIp}, {"batchProcessing", &kEnabled}, {"authentication", &kAuth}};
constexpr Shape kServer = object(kServerFields);

constexpr Field kCertificateFields[] = {{"domain", kS}, {"certificate", kS}};
constexpr Shape kCertificate = object(kCertificateFields);
constexpr Shape kCertificates = listOf(kCertificate);
constexpr Field kMutualFields[] = {{"enabled", kB}, {"domainToCertificateMapping", &kCertificates}};
constexpr Shape kMutual = object(kMutualFields);
constexpr Field kPinFields[] = {{"domain", kS}, {"publicKeys", kSL}};
constexpr Shape kPin = object(kPinFields);
constexpr Shape kPins = listOf(kPin);
constexpr Field kPinningFields[] = {{"enabled", kB}, {"domainToPublicKeysMapping", &kPins}};
constexpr Shape kPinning = object(kPinningFields);
constexpr Field kRateFields[] = {{"enabled", kB}, {"rate", kI}, {"per", kS}};
constexpr Shape kRate = object(kRateFields);
constexpr Field kTargetFields[] = {{"url", kS}, {"weight", kI}};
constexpr Shape kTarget = object(kTargetFields);
constexpr Shape kTargets = listOf(kTarget);
constexpr Field kBalancingFields[] = {{"enabled", kB}, {"skipUnavailableHosts", kB}, {"targets", &kTargets}};
constexpr Shape kBalancing = object(kBalancingFields);
constexpr Field kTlsFields[] = {{"insecureSkipVerify", kB}, {"ciphers", kSL}, {"minVersion", kS}, {"maxVersion", kS},
    {"forceCommonNameCheck", kB}};
constexpr Shape kTls = object(kTlsFields);
constexpr Field kProxyFields[] = {{"enabled", kB}, {"url", kS}};
constexpr Shape kProxy = object(kProxyFields);
constexpr Field kTimeoutFields[] = {{"enabled", kB}, {"duration", kS}};
constexpr Shape kTimeout = object(kTimeoutFields);
constexpr Field kSigningFields[] = {{"enabled", kB}, {"signatureHeader", kS}, {"algorithm", kS}, {"keyId", kS},
    {"headers", kSL}, {"secret", kS}, {"certificateId", kS}};
constexpr Shape kSigning = object(kSigningFields);
constexpr Field kUpstreamBasicFields[] = {{"enabled", kB}, {"username", kS}, {"password", kS}, {"header", &kSource}};
constexpr Shape kUpstreamBasic = object(kUpstreamBasicFields);
constexpr Field kUpstreamAuthFields[] = {{"enabled", kB}, {"basicAuth", &kUpstreamBasic}, {"oauth", kXM},
    {"requestSigning", &kSigning}};
constexpr Shape kUpstreamAuth = object(kUpstreamAuthFields);
constexpr Field kUpstreamFields[] = {{"url", kS}, {"serviceDiscovery", kXM}, {"uptimeTests", kXM},
    {"mutualTLS", &kMutual}, {"certificatePinning", &kPinning}, {"rateLimit", &kRate},
    {"authentication", &kUpstreamAuth}, {"loadBalancing", &kBalancing}, {"preserveHostHeader", &kEnabled},
    {"preserveTrailingSlash", &kEnabled}, {"tlsTransport", &kTls}, {"proxy", &kProxy}, {"enforceTimeout", &kTimeout}};
constexpr Shape kUpstream = object(kUpstreamFields);

constexpr Field kPluginFields[] = {{"enabled", kB}, {"functionName", kS}, {"path", kS}, {"code", kS},
    {"rawBodyOnly", kB}, {"requireSession", kB}, {"driver", kS}, {"timeoutMs", kI}, {"onError", kS},
    {"grpcServer", kS}, {"isolate", kB}};
constexpr Shape kPlugin = object(kPluginFields);
constexpr Shape kPlugins = listOf(kPlugin);
constexpr Field kOldPluginFields[] = {{"plugins", &kPlugins}};
constexpr Shape kOldPlugin = object(kOldPluginFields);
constexpr Field kBundleFields[] = {{"enabled", kB}, {"path", kS}};
constexpr Shape kBundle = object(kBundleFields);
constexpr Field kDataFields[] = {{"enabled", kB}, {"value", kXM}};
constexpr Shape kData = object(kDataFields);
constexpr Field kPluginConfigFields[] = {{"driver", kS}, {"grpcServer", kS}, {"bundle", &kBundle}, {"data", &kData}};
constexpr Shape kPluginConfig = object(kPluginConfigFields);
constexpr Field kCorsFields[] = {{"enabled", kB}, {"maxAge", kI}, {"allowCredentials", kB}, {"exposedHeaders", kSL},
    {"allowedHeaders", kSL}, {"optionsPassthrough", kB}, {"debug", kB}, {"allowedOrigins", kSL},
    {"allowedMethods", kSL}};
constexpr Shape kCors = object(kCorsFields);
constexpr Field kCacheFields[] = {{"enabled", kB}, {"timeout", kI}, {"cacheAllSafeRequests", kB},
    {"cacheResponseCodes", kIL}, {"cacheByHeaders", kSL}, {"enableUpstreamCacheControl", kB},
    {"controlTTLHeaderName", kS}};
constexpr Shape kCache = object(kCacheFields);
constexpr Field kNameValueFields[] = {{"name", kS}, {"value", kS}};
constexpr Shape kNameValue = object(kNameValueFields);
constexpr Shape kNameValues = listOf(kNameValue);
constexpr Field kHeaderFields[] = {{"enabled", kB}, {"remove", kSL}, {"add", &kNameValues}};
constexpr Shape kHeaders = object(kHeaderFields);
constexpr Field kTrafficFields[] = {{"enabled", kB}, {"tagHeaders", kSL}, {"customRetentionPeriod", kS},
    {"plugins", &kPlugins}};
constexpr Shape kTraffic = object(kTrafficFields);
constexpr Field kSizeFields[] = {{"enabled", kB}, {"value", kI}};
constexpr Shape kSize = object(kSizeFields);
constexpr Field kGlobalFields[] = {{"pluginConfig", &kPluginConfig}, {"cors", &kCors}, {"prePlugins", &kPlugins},
    {"prePlugin", &kOldPlugin}, {"postAuthenticationPlugins", &kPlugins}, {"postAuthenticationPlugin", &kOldPlugin},
    {"postPlugins", &kPlugins}, {"postPlugin", &kOldPlugin}, {"responsePlugins", &kPlugins},
    {"responsePlugin", &kOldPlugin}, {"cache", &kCache}, {"transformRequestHeaders", &kHeaders},
    {"transformResponseHeaders", &kHeaders}, {"contextVariables", &kEnabled}, {"trafficLogs", &kTraffic},
    {"requestSizeLimit", &kSize}, {"ignoreCase", &kEnabled}, {"skipRateLimit", kB}, {"skipQuota", kB},
    {"skipQuotaReset", kB}};
constexpr Shape kGlobal = object(kGlobalFields);

// Blocks of an operation. What they hold is judged when they are built; until then `enabled` is what counts.
constexpr Field kOpPluginFields[] = {{"enabled", kB}, {"functionName", kS}, {"name", kS}, {"path", kS}};
constexpr Shape kOpPlugin = object(kOpPluginFields);
constexpr Shape kOpPlugins = listOf(kOpPlugin);
constexpr Field kRuleFields[] = {{"enabled", kB}, {"ignoreCase", kB}};
constexpr Shape kRule = object(kRuleFields);
constexpr Field kToMethodFields[] = {{"enabled", kB}, {"toMethod", kS}};
constexpr Shape kToMethod = object(kToMethodFields);
constexpr Field kBodyFields[] = {{"enabled", kB}, {"format", kS}, {"body", kS}, {"path", kS}};
constexpr Shape kBody = object(kBodyFields);
constexpr Field kRewriteFields[] = {{"enabled", kB}, {"pattern", kS}, {"rewriteTo", kS}, {"triggers", &kFreeList}};
constexpr Shape kRewrite = object(kRewriteFields);
constexpr Field kOpCacheFields[] = {{"enabled", kB}, {"cacheByRegex", kS}, {"cacheResponseCodes", kIL}, {"timeout", kI}};
constexpr Shape kOpCache = object(kOpCacheFields);
constexpr Field kOpTimeoutFields[] = {{"enabled", kB}, {"value", kI}, {"duration", kS}};
constexpr Shape kOpTimeout = object(kOpTimeoutFields);
constexpr Field kValidateFields[] = {{"enabled", kB}, {"errorResponseCode", kI}};
constexpr Shape kValidate = object(kValidateFields);
constexpr Field kMockFields[] = {{"enabled", kB}, {"code", kI}, {"body", kS}, {"headers", &kNameValues},
    {"fromOASExamples", kXM}};
constexpr Shape kMock = object(kMockFields);
constexpr Field kVirtualFields[] = {{"enabled", kB}, {"functionName", kS}, {"name", kS}, {"path", kS}, {"body", kS},
    {"proxyOnError", kB}, {"requireSession", kB}};
constexpr Shape kVirtual = object(kVirtualFields);
constexpr Field kBreakerFields[] = {{"enabled", kB}, {"threshold", kF}, {"sampleSize", kI}, {"coolDownPeriod", kI},
    {"halfOpenStateEnabled", kB}};
constexpr Shape kBreaker = object(kBreakerFields);
constexpr Field kOperationFields[] = {{"allow", &kRule}, {"block", &kRule}, {"ignoreAuthentication", &kRule},
    {"internal", &kEnabled}, {"transformRequestMethod", &kToMethod}, {"transformRequestBody", &kBody},
    {"transformResponseBody", &kBody}, {"transformRequestHeaders", &kHeaders}, {"transformResponseHeaders", &kHeaders},
    {"urlRewrite", &kRewrite}, {"cache", &kOpCache}, {"enforceTimeout", &kOpTimeout}, {"validateRequest", &kValidate},
    {"mockResponse", &kMock}, {"virtualEndpoint", &kVirtual}, {"postPlugins", &kOpPlugins},
    {"circuitBreaker", &kBreaker}, {"trackEndpoint", &kEnabled}, {"doNotTrackEndpoint", &kEnabled},
    {"requestSizeLimit", &kSize}, {"rateLimit", &kRate}, {"scopeCheck", kXM}, {"exchange", kXM}};
constexpr Shape kOperation = object(kOperationFields);
constexpr Shape kOperations = mapOf(kOperation);
constexpr Field kMiddlewareFields[] = {{"global", &kGlobal}, {"operations", &kOperations}, {"mcpTools", kXM},
    {"mcpResources", kXM}, {"mcpPrompts", kXM}};
constexpr Shape kMiddleware = object(kMiddlewareFields);
constexpr Field kOverrideFields[] = {{"enabled", kB}, {"value", kXM}};
constexpr Shape kOverrides = object(kOverrideFields);

constexpr Field kRootFields[] = {{"info", &kInfo}, {"server", &kServer}, {"upstream", &kUpstream},
    {"middleware", &kMiddleware}, {"errorOverrides", &kOverrides}};
constexpr Shape kRoot = object(kRootFields);
// clang-format on

}  // namespace

const Shape& extensionShape() { return kRoot; }

}  // namespace tykpp::definition
