// The conversion of security schemes. What this finds in no scheme stays unset: off.

#include "definition/impl/oas_security.hpp"

#include <set>
#include <string>
#include <vector>

#include "definition/impl/oas_members.hpp"
#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

using Names = std::vector<std::string>;

const Json& objectAt(const Json& from, std::string_view path) {
  static const Json kEmpty = Json::object();
  const Json* found = memberAt(from, path);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

/// The AuthConfig of a method that one scheme gives.
Json namedSources(const Json& scheme, const std::string& name) {
  Json out = authSources(scheme);
  out["name"] = name;
  return out;
}

void convertSignature(const Json& scheme, Json& config) {
  const Json* from = member(scheme, "signatureValidation");
  if (from == nullptr) return;
  constexpr Rename kNames[] = {
      {"algorithm", "algorithm"},  {"header", "header"},
      {"secret", "secret"},        {"allowedClockSkew", "allowed_clock_skew"},
      {"errorCode", "error_code"}, {"errorMessage", "error_message"}};
  config["validate_signature"] = flagOf(*from, "enabled");
  Json& signature = config["signature"];
  signature = Json::object();
  copyMembers(*from, kNames, signature);
  const Json& query = objectAt(*from, "query");
  signature["use_param"] = flagOf(query, "enabled");
  signature["param_name"] = std::string(textOf(query, "name"));
}

/// What the scheme itself says of its place counts whatever the extension says.
void applyDeclaredPlace(const Json& declared, Json& config) {
  const std::string name(textOf(declared, "name"));
  const std::string_view in = textOf(declared, "in");
  if (in == "header") {
    config["disable_header"] = false;
    config["auth_header_name"] = name;
  } else if (in == "query") {
    config["use_param"] = true;
    config["param_name"] = name;
  } else if (in == "cookie") {
    config["use_cookie"] = true;
    config["cookie_name"] = name;
  }
}

void convertToken(const Json& declared, const Json& scheme, const Json& authentication,
                  const std::string& name, Json& out) {
  Json config = namedSources(scheme, name);
  convertSignature(scheme, config);
  const Json* certificates = member(authentication, "certificateAuth");
  config["use_certificate"] = certificates != nullptr ? flagOf(*certificates, "enabled")
                                                      : flagOf(scheme, "enableClientCertificate");
  applyDeclaredPlace(declared, config);
  out["use_standard_auth"] = flagOf(scheme, "enabled");
  out["auth_configs"]["authToken"] = std::move(config);
}

/// The first of a list, or the single value that it replaces.
std::string firstOf(const Json& from, const char* list, const char* single) {
  const Json* found = filled(from, list);
  if (found != nullptr && found->is_array() && (*found)[0].is_string())
    return (*found)[0].get<std::string>();
  return std::string(textOf(from, single));
}

Json convertScopes(const Json& from) {
  Json out = {{"scope_claim_name", firstOf(from, "claims", "claimName")},
              {"scope_to_policy", Json::object()}};
  const Json* mapping = filled(from, "scopeToPolicyMapping");
  if (mapping == nullptr || !mapping->is_array()) return out;
  for (const Json& entry : *mapping) {
    out["scope_to_policy"][std::string(textOf(entry, "scope"))] =
        std::string(textOf(entry, "policyId"));
  }
  return out;
}

void convertJwt(const Json& scheme, const std::string& name, Json& out) {
  constexpr Rename kNames[] = {{"source", "jwt_source"},
                               {"signingMethod", "jwt_signing_method"},
                               {"skipKid", "jwt_skip_kid"},
                               {"clientBaseField", "jwt_client_base_field"},
                               {"defaultPolicies", "jwt_default_policies"},
                               {"issuedAtValidationSkew", "jwt_issued_at_validation_skew"},
                               {"notBeforeValidationSkew", "jwt_not_before_validation_skew"},
                               {"expiresAtValidationSkew", "jwt_expires_at_validation_skew"},
                               {"idpClientIdMappingDisabled", "idp_client_id_mapping_disabled"}};
  out["auth_configs"]["jwt"] = namedSources(scheme, name);
  out["enable_jwt"] = flagOf(scheme, "enabled");
  copyMembers(scheme, kNames, out);
  out["jwt_identity_base_field"] = firstOf(scheme, "subjectClaims", "identityBaseField");
  out["jwt_policy_field_name"] = firstOf(scheme, "basePolicyClaims", "policyFieldName");
  out["jwt_jwks_uris"] = Json::array();
  if (const Json* uris = filled(scheme, "jwksURIs"); uris != nullptr) {
    for (const Json& uri : *uris) {
      out["jwt_jwks_uris"].push_back({{"url", std::string(textOf(uri, "url"))},
                                      {"cache_timeout", std::string(textOf(uri, "cacheTimeout"))}});
    }
  }
  if (const Json* scopes = member(scheme, "scopes"); scopes != nullptr)
    out["scopes"]["jwt"] = convertScopes(*scopes);
}

void convertBasic(const Json& scheme, const std::string& name, Json& out) {
  constexpr Rename kNames[] = {{"disableCaching", "disable_caching"}, {"cacheTTL", "cache_ttl"}};
  out["auth_configs"]["basic"] = namedSources(scheme, name);
  out["use_basic_auth"] = flagOf(scheme, "enabled");
  Json& basic = out["basic_auth"];
  basic = Json::object();
  copyMembers(scheme, kNames, basic);
  const Json& body = objectAt(scheme, "extractCredentialsFromBody");
  basic["extract_from_body"] = flagOf(body, "enabled");
  basic["body_user_regexp"] = std::string(textOf(body, "userRegexp"));
  basic["body_password_regexp"] = std::string(textOf(body, "passwordRegexp"));
}

void convertOAuth(const Json& declared, const Json& scheme, const std::string& name, Json& out) {
  constexpr std::pair<const char*, const char*> kFlows[] = {
      {"authorizationCode", "authorization_code"},
      {"clientCredentials", "client_credentials"},
      {"password", "password"},
      {"implicit", "implicit"}};
  out["auth_configs"]["oauth"] = namedSources(scheme, name);
  out["use_oauth2"] = flagOf(scheme, "enabled");
  Json types = Json::array();
  if (flagOf(scheme, "refreshToken")) types.push_back("refresh_token");
  for (const auto& [flow, type] : kFlows) {
    if (member(objectAt(declared, "flows"), flow) != nullptr) types.push_back(type);
  }
  const Json* authorize = filled(scheme, "allowedAuthorizeTypes");
  out["oauth_meta"] = {
      {"allowed_access_types", std::move(types)},
      {"allowed_authorize_types", authorize == nullptr ? Json::array() : *authorize},
      {"auth_login_redirect", std::string(textOf(scheme, "authLoginRedirect"))}};
  const Json& told = objectAt(scheme, "notifications");
  out["notifications"] = {{"shared_secret", std::string(textOf(told, "sharedSecret"))},
                          {"oauth_on_keychange_url", std::string(textOf(told, "onKeyChangeUrl"))}};
}

Json convertProvider(const Json& from) {
  constexpr Rename kJwt[] = {{"enabled", "enabled"},
                             {"signingMethod", "signing_method"},
                             {"source", "source"},
                             {"identityBaseField", "identity_base_field"},
                             {"issuedAtValidationSkew", "issued_at_validation_skew"},
                             {"notBeforeValidationSkew", "not_before_validation_skew"},
                             {"expiresAtValidationSkew", "expires_at_validation_skew"}};
  constexpr Rename kIntrospection[] = {{"enabled", "enabled"},
                                       {"url", "url"},
                                       {"clientId", "client_id"},
                                       {"clientSecret", "client_secret"},
                                       {"identityBaseField", "identity_base_field"},
                                       {"cache", "cache"}};
  Json out = {{"jwt", Json::object()}, {"introspection", Json::object()}};
  copyMembers(objectAt(from, "jwt"), kJwt, out["jwt"]);
  copyMembers(objectAt(from, "introspection"), kIntrospection, out["introspection"]);
  return out;
}

void convertExternalOAuth(const Json& scheme, const std::string& name, Json& out) {
  out["auth_configs"]["externalOAuth"] = namedSources(scheme, name);
  Json providers = Json::array();
  for (const Json& provider : scheme["providers"]) providers.push_back(convertProvider(provider));
  out["external_oauth"] = {{"enabled", flagOf(scheme, "enabled")},
                           {"providers", std::move(providers)}};
}

void convertHmac(const Json& authentication, Json& out) {
  const Json* from = member(authentication, "hmac");
  if (from == nullptr) return;
  constexpr Rename kNames[] = {{"allowedAlgorithms", "hmac_allowed_algorithms"},
                               {"allowedClockSkew", "hmac_allowed_clock_skew"}};
  out["enable_signature_checking"] = flagOf(*from, "enabled");
  out["auth_configs"]["hmac"] = authSources(*from);
  copyMembers(*from, kNames, out);
}

void convertOpenId(const Json& authentication, Json& out) {
  const Json* from = member(authentication, "oidc");
  if (from == nullptr) return;
  out["use_openid"] = flagOf(*from, "enabled");
  out["auth_configs"]["oidc"] = authSources(*from);
  out["openid_options"] = {{"segregate_by_client", flagOf(*from, "segregateByClientId")},
                           {"providers", Json::array()}};
  if (const Json* scopes = member(*from, "scopes"); scopes != nullptr)
    out["scopes"]["oidc"] = convertScopes(*scopes);
}

/// Schemes of one requirement, in the order of their names.
Names schemesOf(const Json& requirement) {
  Names names;
  if (!requirement.is_object()) return names;
  for (const auto& [name, scopes] : requirement.items()) names.push_back(name);
  return names;
}

class Converter {
 public:
  Converter(const Json& document, const Json& authentication, Json& out)
      : document_(document),
        authentication_(authentication),
        schemes_(objectAt(authentication, "securitySchemes")),
        declared_(objectAt(document, "components/securitySchemes")),
        out_(out) {}

  void convert(const Names& requirement) {
    const std::string* token = chosenToken(requirement);
    for (const std::string& name : requirement) one(name, token);
  }

 private:
  const Json& of(const Json& from, const std::string& name) const {
    static const Json kEmpty = Json::object();
    const Json* found = member(from, name);
    return found != nullptr && found->is_object() ? *found : kEmpty;
  }
  /// Of several tokens the first enabled one, else the first.
  const std::string* chosenToken(const Names& requirement) const {
    const std::string* first = nullptr;
    for (const std::string& name : requirement) {
      if (schemeKind(document_, name) != SchemeKind::kToken) continue;
      if (flagOf(of(schemes_, name), "enabled")) return &name;
      if (first == nullptr) first = &name;
    }
    return first;
  }
  void one(const std::string& name, const std::string* token) {
    const Json& scheme = of(schemes_, name);
    const Json& declared = of(declared_, name);
    switch (schemeKind(document_, name)) {
      case SchemeKind::kToken:
        if (token == &name) convertToken(declared, scheme, authentication_, name, out_);
        break;
      case SchemeKind::kJwt:
        convertJwt(scheme, name, out_);
        break;
      case SchemeKind::kBasic:
        convertBasic(scheme, name, out_);
        break;
      case SchemeKind::kOAuth:
        if (filled(scheme, "providers") != nullptr) {
          convertExternalOAuth(scheme, name, out_);
        } else if (!scheme.empty()) {
          convertOAuth(declared, scheme, name, out_);
        }
        break;
      case SchemeKind::kUnknown:
        break;
    }
  }

  const Json& document_;
  const Json& authentication_;
  const Json& schemes_;
  const Json& declared_;
  Json& out_;
};

bool isVendorName(std::string_view name) {
  for (const std::string_view known : {"hmac", "custom", "oidc", "mtls", "coprocess"}) {
    if (name == known) return true;
  }
  return false;
}

const Json& authenticationOf(const Json& document) {
  return objectAt(document, std::string(kExtension) + "/server/authentication");
}

/// The document's requirements and the extension's, those dropped that the extension repeats in a
/// group with a method that only it knows.
std::vector<Names> compliantGroups(const Json& document, const Json& authentication) {
  std::vector<Names> vendor;
  std::set<std::string> mixed;
  if (const Json* lists = filled(authentication, "security"); lists != nullptr) {
    for (const Json& list : *lists) {
      Names& group = vendor.emplace_back();
      if (!list.is_array()) continue;
      for (const Json& name : list) {
        if (name.is_string()) group.push_back(name.get<std::string>());
      }
      bool own = false;
      for (const std::string& name : vendor.back()) own = own || isVendorName(name);
      if (own && vendor.back().size() > 1) mixed.insert(vendor.back().begin(), vendor.back().end());
    }
  }
  std::vector<Names> groups;
  if (const Json* list = filled(document, "security"); list != nullptr && list->is_array()) {
    for (const Json& requirement : *list) {
      Names names = schemesOf(requirement);
      if (names.empty() || (names.size() == 1 && mixed.contains(names[0]))) continue;
      groups.push_back(std::move(names));
    }
  }
  groups.insert(groups.end(), vendor.begin(), vendor.end());
  return groups;
}

}  // namespace

Json authSources(const Json& from) {
  Json out = Json::object();
  const Json& header = objectAt(from, "header");
  out["disable_header"] = !flagOf(header, "enabled");
  out["auth_header_name"] = std::string(textOf(header, "name"));
  out["use_param"] = flagOf(objectAt(from, "query"), "enabled");
  out["param_name"] = std::string(textOf(objectAt(from, "query"), "name"));
  out["use_cookie"] = flagOf(objectAt(from, "cookie"), "enabled");
  out["cookie_name"] = std::string(textOf(objectAt(from, "cookie"), "name"));
  return out;
}

SchemeKind schemeKind(const Json& document, std::string_view name) {
  const Json* declared = member(objectAt(document, "components/securitySchemes"), name);
  if (declared == nullptr) return SchemeKind::kUnknown;
  const std::string_view type = textOf(*declared, "type");
  const std::string_view scheme = textOf(*declared, "scheme");
  if (type == "apiKey") return SchemeKind::kToken;
  if (type == "oauth2") return SchemeKind::kOAuth;
  if (type == "http" && scheme == "basic") return SchemeKind::kBasic;
  if (type == "http" && scheme == "bearer" && textOf(*declared, "bearerFormat") == "JWT")
    return SchemeKind::kJwt;
  return SchemeKind::kUnknown;
}

bool compliantSecurity(const Json& document) {
  return textOf(authenticationOf(document), "securityProcessingMode") == "compliant";
}

std::vector<Names> requirementGroups(const Json& document) {
  const Json& authentication = authenticationOf(document);
  if (compliantSecurity(document)) return compliantGroups(document, authentication);
  const Json* list = filled(document, "security");
  const bool declared = filled(objectAt(document, "components"), "securitySchemes") != nullptr;
  if (list == nullptr || !list->is_array() || !declared) return {};
  std::vector<Names> groups;
  for (const Json& requirement : *list) groups.push_back(schemesOf(requirement));
  return groups;
}

void convertSecurity(const Json& document, Json& out) {
  const Json& authentication = authenticationOf(document);
  convertHmac(authentication, out);
  convertOpenId(authentication, out);
  if (flagOf(objectAt(authentication, "certificateAuth"), "enabled"))
    out["auth_configs"]["authToken"] = {{"use_certificate", true}};
  const std::vector<Names> groups = requirementGroups(document);
  if (groups.empty()) return;
  Converter converter(document, authentication, out);
  if (compliantSecurity(document)) {
    for (const Names& group : groups) converter.convert(group);
  } else {
    // The others are on record alone.
    converter.convert(groups[0]);
  }
  if (groups.size() > 1 || groups[0].size() > 1) out["security_requirements"] = groups;
}

}  // namespace tykpp::definition
