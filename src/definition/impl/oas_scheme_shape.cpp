// Members of security schemes in the extension and their types, by the kind of the scheme.

#include "definition/impl/oas_security.hpp"
#include "definition/impl/oas_shape.hpp"
#include "definition/impl/shape_words.hpp"

namespace tykpp::definition {
namespace {
using namespace words;

// clang-format off
constexpr Field kEnabledFields[] = {{"enabled", kB}};
constexpr Shape kEnabled = object(kEnabledFields);
constexpr Field kSourceFields[] = {{"enabled", kB}, {"name", kS}};
constexpr Shape kSource = object(kSourceFields);

constexpr Field kSignatureFields[] = {{"enabled", kB}, {"algorithm", kS}, {"header", kS}, {"query", &kSource},
    {"secret", kS}, {"allowedClockSkew", kI}, {"errorCode", kI}, {"errorMessage", kS}};
constexpr Shape kSignature = object(kSignatureFields);
constexpr Field kTokenFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"enableClientCertificate", kB}, {"signatureValidation", &kSignature}};
constexpr Shape kToken = object(kTokenFields);

constexpr Field kUriFields[] = {{"url", kS}, {"cacheTimeout", kS}};
constexpr Shape kUri = object(kUriFields);
constexpr Shape kUris = listOf(kUri);
constexpr Field kScopeFields[] = {{"scope", kS}, {"policyId", kS}};
constexpr Shape kScope = object(kScopeFields);
constexpr Shape kScopeList = listOf(kScope);
constexpr Field kScopesFields[] = {{"claimName", kS}, {"claims", kSL}, {"scopeToPolicyMapping", &kScopeList}};
constexpr Shape kScopes = object(kScopesFields);
constexpr Field kClaimFields[] = {{"type", kS}, {"allowedValues", &kAnyListShape}, {"nonBlocking", kB}};
constexpr Shape kClaim = object(kClaimFields);
constexpr Shape kClaims = mapOf(kClaim);
constexpr Field kJwtFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"source", kS}, {"jwksURIs", &kUris}, {"signingMethod", kS}, {"identityBaseField", kS}, {"subjectClaims", kSL},
    {"skipKid", kB}, {"policyFieldName", kS}, {"basePolicyClaims", kSL}, {"clientBaseField", kS}, {"scopes", &kScopes},
    {"defaultPolicies", kSL}, {"issuedAtValidationSkew", kU}, {"notBeforeValidationSkew", kU},
    {"expiresAtValidationSkew", kU}, {"idpClientIdMappingDisabled", kB}, {"allowedIssuers", kSL},
    {"allowedAudiences", kSL}, {"allowedSubjects", kSL}, {"jtiValidation", &kEnabled},
    {"customClaimValidation", &kClaims}};
constexpr Shape kJwt = object(kJwtFields);

constexpr Field kBodyFields[] = {{"enabled", kB}, {"userRegexp", kS}, {"passwordRegexp", kS}};
constexpr Shape kBody = object(kBodyFields);
constexpr Field kBasicFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"disableCaching", kB}, {"cacheTTL", kI}, {"extractCredentialsFromBody", &kBody}};
constexpr Shape kBasic = object(kBasicFields);

constexpr Shape kProviders = listOf(kFreeObjectShape);
constexpr Field kNotificationFields[] = {{"sharedSecret", kS}, {"onKeyChangeUrl", kS}};
constexpr Shape kNotifications = object(kNotificationFields);
constexpr Field kOAuthFields[] = {{"enabled", kB}, {"header", &kSource}, {"query", &kSource}, {"cookie", &kSource},
    {"allowedAuthorizeTypes", kSL}, {"refreshToken", kB}, {"authLoginRedirect", kS}, {"notifications", &kNotifications},
    {"providers", &kProviders}, {"scopeCheck", &kAnyShape}, {"protectedResourceMetadata", &kAnyShape},
    {"tokenExchange", &kAnyShape}};
constexpr Shape kOAuth = object(kOAuthFields);
// clang-format on

const Shape* shapeOf(SchemeKind kind) {
  switch (kind) {
    case SchemeKind::kToken:
      return &kToken;
    case SchemeKind::kJwt:
      return &kJwt;
    case SchemeKind::kBasic:
      return &kBasic;
    case SchemeKind::kOAuth:
      return &kOAuth;
    case SchemeKind::kUnknown:
      break;
  }
  return &kFreeObjectShape;
}

}  // namespace

void checkSchemes(Json& document, Unknown unknown, Report& report) {
  const std::string place =
      std::string("/") + kExtension + "/server/authentication/securitySchemes";
  const Json::json_pointer pointer(place);
  if (!document.contains(pointer) || !document[pointer].is_object()) return;
  for (const auto& [name, scheme] : document[pointer].items())
    applyShape(scheme, *shapeOf(schemeKind(document, name)), pointerTo(place, name), unknown,
               report);
}

}  // namespace tykpp::definition
