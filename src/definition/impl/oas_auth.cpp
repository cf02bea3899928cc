// What OAS documents say about authentication that no Classic definition can.

#include <algorithm>
#include <string>

#include "definition/auth_rules.hpp"
#include "definition/impl/oas_security.hpp"
#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

using Texts = std::vector<std::string>;

/// The texts of a list; what is no text is passed over.
Texts textsIn(const Json& from, const char* name) {
  Texts out;
  const Json* list = filled(from, name);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& entry : *list) {
    if (entry.is_string()) out.push_back(entry.get<std::string>());
  }
  return out;
}

std::string schemesPlace() {
  return std::string("/") + kExtension + "/server/authentication/securitySchemes";
}

/// The name of the scheme that describes tokens, of those that a requirement names; empty: none.
std::string jwtScheme(const Json& document, const std::vector<Texts>& groups) {
  for (const Texts& group : groups) {
    for (const std::string& name : group) {
      if (schemeKind(document, name) == SchemeKind::kJwt) return name;
    }
  }
  return {};
}

void readClaimRules(const Json& scheme, const std::string& place, JwtRules& rules, Report& report) {
  const Json* list = filled(scheme, "customClaimValidation");
  if (list == nullptr || !list->is_object()) return;
  for (const auto& [path, entry] : list->items()) {
    const std::string at = pointerTo(place + "/customClaimValidation", path);
    ClaimRule rule{path, ClaimRule::Kind::kRequired, "[]", flagOf(entry, "nonBlocking")};
    const std::string_view type = textOf(entry, "type");
    if (type == "exact_match") {
      rule.kind = ClaimRule::Kind::kExactMatch;
    } else if (type == "contains") {
      rule.kind = ClaimRule::Kind::kContains;
    } else if (type != "required") {
      report.error(at + "/type", "has to be required, exact_match or contains");
    }
    if (path.find_first_of("*?#@|!{}[]()\\") != std::string::npos)
      report.notBuilt(at, "a path with more than members and dots");
    if (const Json* allowed = filled(entry, "allowedValues"); allowed != nullptr)
      rule.allowed = allowed->dump(-1, ' ', false, Json::error_handler_t::replace);
    rules.claim_rules.push_back(std::move(rule));
  }
}

void readJwtScheme(const Json& document, const std::string& name, JwtRules& rules, Report& report) {
  const Json* schemes =
      memberAt(document, std::string(kExtension) + "/server/authentication/securitySchemes");
  const Json* scheme = schemes == nullptr ? nullptr : member(*schemes, name);
  if (scheme == nullptr) return;
  const auto replace = [](Texts given, Texts& out) {
    if (!given.empty()) out = std::move(given);
  };
  replace(textsIn(*scheme, "subjectClaims"), rules.identity_claims);
  replace(textsIn(*scheme, "basePolicyClaims"), rules.policy_claims);
  if (const Json* scopes = member(*scheme, "scopes"); scopes != nullptr)
    replace(textsIn(*scopes, "claims"), rules.scope_claims);
  rules.allowed_issuers = textsIn(*scheme, "allowedIssuers");
  rules.allowed_audiences = textsIn(*scheme, "allowedAudiences");
  rules.allowed_subjects = textsIn(*scheme, "allowedSubjects");
  const Json* jti = member(*scheme, "jtiValidation");
  rules.jti_required = jti != nullptr && flagOf(*jti, "enabled");
  readClaimRules(*scheme, pointerTo(schemesPlace(), name), rules, report);
}

AuthMethod methodOf(const Json& document, const std::string& name) {
  switch (schemeKind(document, name)) {
    case SchemeKind::kToken:
      return AuthMethod::kToken;
    case SchemeKind::kJwt:
      return AuthMethod::kJwt;
    case SchemeKind::kBasic:
      return AuthMethod::kBasic;
    case SchemeKind::kOAuth:
      return AuthMethod::kOAuth;
    case SchemeKind::kUnknown:
      break;
  }
  if (name == "hmac") return AuthMethod::kHmac;
  if (name == "oidc") return AuthMethod::kOpenId;
  if (name == "custom") return AuthMethod::kCustom;
  return AuthMethod::kNone;
}

int methodsOn(const ApiSpec& spec, const AuthRules& rules) {
  return int{rules.token.enabled} + int{rules.basic.enabled} + int{rules.hmac.enabled} +
         int{rules.jwt.enabled} + int{spec.custom_auth};
}

}  // namespace

void readOasAuth(const Json& document, ApiSpec& spec, Report& report) {
  if (spec.use_keyless || spec.auth == nullptr) return;
  auto rules = std::make_shared<AuthRules>(*spec.auth);
  const std::vector<Texts> groups = requirementGroups(document);
  rules->jwt.oas = true;
  if (const std::string name = jwtScheme(document, groups); rules->jwt.enabled && !name.empty())
    readJwtScheme(document, name, rules->jwt, report);
  if (compliantSecurity(document) && groups.size() > 1 && methodsOn(spec, *rules) > 1) {
    for (const Texts& group : groups) {
      std::vector<SchemeUse>& uses = rules->groups.emplace_back();
      for (const std::string& name : group) uses.push_back({name, methodOf(document, name)});
    }
  }
  spec.auth = std::move(rules);
}

}  // namespace tykpp::definition
