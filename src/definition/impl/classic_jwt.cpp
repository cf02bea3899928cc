// JSON Web Tokens of a Classic definition.

#include "base/base64.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/jwt_rules.hpp"
#include "definition/readable_duration.hpp"

namespace tykpp::definition {
namespace {

bool isUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

JwtFamily familyOf(const Json& document, Report& report) {
  const std::string_view method = textOf(document, "jwt_signing_method");
  if (method == "rsa") return JwtFamily::kRsa;
  if (method == "ecdsa") return JwtFamily::kEcdsa;
  if (method != "hmac")
    report.warn("/jwt_signing_method", "is none of hmac, rsa and ecdsa: hmac is meant");
  return JwtFamily::kHmac;
}

std::int64_t skewOf(const Json& document, const char* name) {
  constexpr std::int64_t kMost = 100LL * 366 * 86'400;
  const Json* value = member(document, name);
  if (value == nullptr || !value->is_number_integer()) return 0;
  const auto given = value->get<std::int64_t>();
  return given < 0 || given > kMost ? kMost : given;
}

std::vector<KeySetUri> keySetUris(const Json& list, Report& report) {
  std::vector<KeySetUri> out;
  std::size_t index = 0;
  for (const Json& entry : list) {
    KeySetUri uri{std::string(textOf(entry, "url")), std::nullopt};
    const std::string place = pointerTo("/jwt_jwks_uris", index++);
    if (!isUrl(uri.url)) {
      report.error(place + "/url", "has to be an absolute http or https URL");
      continue;
    }
    if (const auto given = parseDuration(textOf(entry, "cache_timeout"));
        given && given->count() > 0)
      uri.cache_timeout = std::chrono::duration_cast<std::chrono::seconds>(*given);
    out.push_back(std::move(uri));
  }
  return out;
}

void readSource(const Json& document, JwtRules& rules, Report& report) {
  if (const Json* uris = filled(document, "jwt_jwks_uris"); uris != nullptr) {
    if (flagOf(document, "is_oas")) {
      rules.key_sets = keySetUris(*uris, report);
      rules.central = true;
      return;
    }
    report.warn("/jwt_jwks_uris", "counts in OAS definitions alone");
  }
  const std::string_view source = textOf(document, "jwt_source");
  if (source.empty()) return;
  rules.central = true;
  if (isUrl(source)) {
    rules.key_sets.push_back({std::string(source), std::nullopt});
    return;
  }
  std::optional<std::string> decoded = decodeBase64(source);
  if (!decoded) {
    report.warn("/jwt_source", "is neither a URL nor base64: every token will be refused");
  } else if (isUrl(*decoded)) {
    rules.key_sets.push_back({std::move(*decoded), std::nullopt});
  } else {
    rules.key = std::move(*decoded);
  }
}

void readScopes(const Json& document, JwtRules& rules) {
  const auto take = [&rules](const Json& from, const char* claim, const char* mapping) {
    if (const std::string_view name = textOf(from, claim); !name.empty())
      rules.scope_claims.emplace_back(name);
    const Json* map = member(from, mapping);
    if (map == nullptr || !map->is_object()) return;
    for (const auto& [scope, policy] : map->items()) {
      if (policy.is_string()) rules.scope_to_policy.emplace(scope, policy.get<std::string>());
    }
  };
  const Json* jwt = memberAt(document, "scopes/jwt");
  const Json* oidc = memberAt(document, "scopes/oidc");
  const auto says = [](const Json* from) {
    return from != nullptr && (!textOf(*from, "scope_claim_name").empty() ||
                               filled(*from, "scope_to_policy") != nullptr);
  };
  if (says(jwt)) {
    take(*jwt, "scope_claim_name", "scope_to_policy");
  } else if (!says(oidc)) {
    take(document, "jwt_scope_claim_name", "jwt_scope_to_policy_mapping");
  }
}

}  // namespace

JwtRules readJwt(const Json& document, Report& report) {
  JwtRules rules;
  rules.enabled = flagOf(document, "enable_jwt");
  if (!rules.enabled) return rules;
  rules.source = credentialSource(document, "jwt", true);
  rules.family = familyOf(document, report);
  readSource(document, rules, report);
  const auto add = [&document](const char* name, std::vector<std::string>& to) {
    if (const std::string_view claim = textOf(document, name); !claim.empty())
      to.emplace_back(claim);
  };
  add("jwt_identity_base_field", rules.identity_claims);
  add("jwt_policy_field_name", rules.policy_claims);
  rules.client_claim = textOf(document, "jwt_client_base_field");
  if (const Json* list = filled(document, "jwt_default_policies"); list != nullptr) {
    for (const Json& entry : *list) {
      if (entry.is_string()) rules.default_policies.push_back(entry.get<std::string>());
    }
  }
  rules.context_claims = flagOf(document, "enable_context_vars");
  rules.skip_kid = flagOf(document, "jwt_skip_kid");
  rules.client_mapping_disabled = flagOf(document, "idp_client_id_mapping_disabled");
  rules.issued_at_skew = skewOf(document, "jwt_issued_at_validation_skew");
  rules.expires_at_skew = skewOf(document, "jwt_expires_at_validation_skew");
  rules.not_before_skew = skewOf(document, "jwt_not_before_validation_skew");
  readScopes(document, rules);
  return rules;
}

}  // namespace tykpp::definition
