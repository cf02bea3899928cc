// Authentication of a Classic definition.

#include "definition/auth_rules.hpp"
#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {
namespace {

/// An AuthConfig; names that are missing are the header's.
CredentialSource sourceFrom(const Json& config) {
  CredentialSource source;
  const auto named = [&](const char* key) {
    const std::string_view name = textOf(config, key);
    return name.empty() ? source.header : std::string(name);
  };
  source.header = named("auth_header_name");
  if (flagOf(config, "use_param")) source.param = named("param_name");
  if (flagOf(config, "use_cookie")) source.cookie = named("cookie_name");
  if (flagOf(config, "disable_header")) source.header.clear();
  return source;
}

/// The AuthConfig of a method. `auth` stands in for those of tokens and JWT.
const Json* configOf(const Json& document, const char* method, bool or_common) {
  const Json* configs = member(document, "auth_configs");
  const Json* config = configs == nullptr ? nullptr : member(*configs, method);
  return config == nullptr && or_common ? member(document, "auth") : config;
}

std::int64_t numberOf(const Json& document, const char* name) {
  const Json* value = member(document, name);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

constexpr const char* kOtherMethods[] = {"use_basic_auth", "enable_signature_checking",
                                         "enable_jwt", "use_oauth2", "use_openid"};

/// Whether a method is on that is not the token's.
bool otherMethod(const Json& document, const ApiSpec& spec) {
  if (spec.custom_auth) return true;
  for (const char* method : kOtherMethods) {
    if (flagOf(document, method)) return true;
  }
  const Json* external = member(document, "external_oauth");
  return external != nullptr && flagOf(*external, "enabled");
}

TokenAuth tokenAuth(const Json& document, const ApiSpec& spec, Report& report) {
  TokenAuth token;
  token.enabled = flagOf(document, "use_standard_auth") || !otherMethod(document, spec);
  const Json* config = configOf(document, "authToken", true);
  if (config == nullptr || !token.enabled) return token;
  token.source = sourceFrom(*config);
  const std::string place =
      member(document, "auth_configs") != nullptr ? "/auth_configs/authToken" : "/auth";
  if (flagOf(*config, "use_certificate")) {
    report.notBuilt(place + "/use_certificate", "tokens of client certificates");
  }
  if (flagOf(*config, "validate_signature")) {
    report.notBuilt(place + "/validate_signature", "signatures beside tokens");
  }
  return token;
}

}  // namespace

CredentialSource credentialSource(const Json& document, const char* method, bool or_common) {
  const Json* config = configOf(document, method, or_common);
  return config == nullptr ? CredentialSource{} : sourceFrom(*config);
}

void readAuth(const Json& document, ApiSpec& spec, Report& report) {
  auto rules = std::make_shared<AuthRules>();
  if (!spec.use_keyless) rules->token = tokenAuth(document, spec, report);
  rules->session_lifetime = numberOf(document, "session_lifetime");
  rules->session_lifetime_respects_key_expiration =
      flagOf(document, "session_lifetime_respects_key_expiration");
  spec.auth = std::move(rules);
}

}  // namespace tykpp::definition
