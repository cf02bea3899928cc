// Authentication of a Classic definition.

#include <re2/re2.h>

#include "base/base64.hpp"
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

constexpr const char* kOtherMethods[] = {"enable_signature_checking", "enable_jwt", "use_oauth2",
                                         "use_openid"};

/// Whether a method is on that is not the token's.
bool otherMethod(const Json& document, const ApiSpec& spec, const AuthRules& rules) {
  if (spec.custom_auth || rules.basic.enabled) return true;
  for (const char* method : kOtherMethods) {
    if (flagOf(document, method)) return true;
  }
  const Json* external = member(document, "external_oauth");
  return external != nullptr && flagOf(*external, "enabled");
}

TokenSignature signatureFrom(const Json& config) {
  TokenSignature out;
  out.enabled = flagOf(config, "validate_signature");
  const Json* from = member(config, "signature");
  if (!out.enabled || from == nullptr) return out;
  out.algorithm = textOf(*from, "algorithm");
  out.header = textOf(*from, "header");
  if (flagOf(*from, "use_param")) {
    const std::string_view name = textOf(*from, "param_name");
    out.param = name.empty() ? out.header : std::string(name);
  }
  out.secret = textOf(*from, "secret");
  out.allowed_clock_skew = integerOf(*from, "allowed_clock_skew");
  const std::int64_t code = integerOf(*from, "error_code");
  if (code >= 200 && code <= 599) out.error_code = static_cast<int>(code);
  if (const std::string_view text = textOf(*from, "error_message"); !text.empty())
    out.error_message = text;
  return out;
}

TokenAuth tokenAuth(const Json& document, const ApiSpec& spec, const AuthRules& rules,
                    Report& report) {
  TokenAuth token;
  token.enabled = flagOf(document, "use_standard_auth") || !otherMethod(document, spec, rules);
  const Json* config = configOf(document, "authToken", true);
  const std::string place =
      member(document, "auth_configs") != nullptr ? "/auth_configs/authToken" : "/auth";
  if (config != nullptr && !token.enabled && flagOf(*config, "use_certificate"))
    report.warn(place + "/use_certificate", "counts only where tokens authenticate");
  if (config == nullptr || !token.enabled) return token;
  token.source = sourceFrom(*config);
  token.use_certificate = flagOf(*config, "use_certificate");
  token.signature = signatureFrom(*config);
  if (token.signature.secret.find('$') != std::string::npos) {
    report.notBuilt(place + "/signature/secret", "a secret with variables");
  }
  // Each second is a digest to compare with.
  if (token.signature.allowed_clock_skew > 3600)
    report.error(place + "/signature/allowed_clock_skew", "has to be at most 3600 seconds");
  return token;
}

/// Whether a pattern that credentials shall be found with can be used.
bool usable(const std::string& pattern, const char* name, Report& report) {
  const std::string place = std::string("/basic_auth/") + name;
  const std::string outcome = "; basic authentication is off";
  if (pattern.empty()) {
    report.warn(place, "is missing although credentials are to be found in bodies" + outcome);
    return false;
  }
  RE2::Options options;
  options.set_log_errors(false);
  if (const RE2 compiled(pattern, options); !compiled.ok()) {
    report.warn(place, compiled.error() + outcome);
    return false;
  }
  return true;
}

BasicAuth basicAuth(const Json& document, Report& report) {
  BasicAuth basic;
  basic.enabled = flagOf(document, "use_basic_auth");
  if (!basic.enabled) return basic;
  basic.source = credentialSource(document, "basic", false);
  const Json* from = member(document, "basic_auth");
  if (from == nullptr) return basic;
  basic.disable_caching = flagOf(*from, "disable_caching");
  if (const std::int64_t ttl = integerOf(*from, "cache_ttl"); ttl > 0)
    basic.cache_ttl = std::chrono::seconds(ttl);
  basic.extract_from_body = flagOf(*from, "extract_from_body");
  if (!basic.extract_from_body) return basic;
  basic.body_user_regexp = textOf(*from, "body_user_regexp");
  basic.body_password_regexp = textOf(*from, "body_password_regexp");
  // As in the reference: what is left of the API's methods goes on without this one.
  basic.enabled = usable(basic.body_user_regexp, "body_user_regexp", report) &&
                  usable(basic.body_password_regexp, "body_password_regexp", report);
  return basic;
}

HmacAuth hmacAuth(const Json& document) {
  HmacAuth hmac;
  hmac.enabled = flagOf(document, "enable_signature_checking");
  hmac.source = credentialSource(document, "hmac", false);
  if (const Json* skew = member(document, "hmac_allowed_clock_skew");
      skew != nullptr && skew->is_number())
    hmac.allowed_clock_skew = skew->get<double>();
  hmac.allowed_algorithms = textsOf(document, "hmac_allowed_algorithms");
  return hmac;
}

std::vector<StrippedCredential> strippedFrom(const Json& document) {
  std::vector<StrippedCredential> out;
  const auto add = [&out](const Json& config) {
    StrippedCredential one;
    if (const std::string_view name = textOf(config, "auth_header_name"); !name.empty())
      one.header = name;
    const std::string_view cookie = textOf(config, "cookie_name");
    one.cookie = cookie.empty() ? one.header : std::string(cookie);
    if (flagOf(config, "use_param")) {
      const std::string_view param = textOf(config, "param_name");
      one.param = param.empty() ? one.header : std::string(param);
    }
    out.push_back(std::move(one));
  };
  if (const Json* configs = filled(document, "auth_configs"); configs != nullptr) {
    for (const Json& config : *configs) add(config);
    return out;
  }
  const Json* common = member(document, "auth");
  add(common != nullptr ? *common : Json::object());
  return out;
}

OAuthRules oauthRules(const Json& document) {
  OAuthRules rules;
  rules.enabled = flagOf(document, "use_oauth2");
  if (!rules.enabled) return rules;
  rules.source = credentialSource(document, "oauth", true);
  if (const Json* meta = member(document, "oauth_meta"); meta != nullptr) {
    rules.access_types = textsOf(*meta, "allowed_access_types");
    rules.authorize_types = textsOf(*meta, "allowed_authorize_types");
    rules.login_redirect = textOf(*meta, "auth_login_redirect");
  }
  if (const Json* notify = member(document, "notifications"); notify != nullptr) {
    rules.notify_url = textOf(*notify, "oauth_on_keychange_url");
    rules.notify_secret = textOf(*notify, "shared_secret");
  }
  return rules;
}

RequestSigning signingFrom(const Json& document) {
  RequestSigning signing;
  const Json* from = member(document, "request_signing");
  if (from == nullptr || !flagOf(*from, "is_enabled")) return signing;
  signing.enabled = true;
  signing.secret = textOf(*from, "secret");
  signing.key_id = textOf(*from, "key_id");
  signing.algorithm = textOf(*from, "algorithm");
  signing.certificate_id = textOf(*from, "certificate_id");
  signing.header_list = textsOf(*from, "header_list");
  if (const std::string_view name = textOf(*from, "signature_header"); !name.empty())
    signing.signature_header = name;
  signing.allowed_algorithms = textsOf(document, "hmac_allowed_algorithms");
  return signing;
}

}  // namespace

CredentialSource credentialSource(const Json& document, const char* method, bool or_common) {
  const Json* config = configOf(document, method, or_common);
  return config == nullptr ? CredentialSource{} : sourceFrom(*config);
}

void readAuth(const Json& document, ApiSpec& spec, Report& report) {
  auto rules = std::make_shared<AuthRules>();
  if (!spec.use_keyless) {
    rules->basic = basicAuth(document, report);
    rules->hmac = hmacAuth(document);
    rules->jwt = readJwt(document, report);
    rules->oauth = oauthRules(document);
    rules->token = tokenAuth(document, spec, *rules, report);
    if (flagOf(document, "strip_auth_data")) rules->stripped = strippedFrom(document);
    if (const Json* middleware = member(document, "custom_middleware");
        middleware != nullptr && spec.custom_auth) {
      rules->id_extractor = readIdExtractor(*middleware, report);
    }
  }
  rules->signing = signingFrom(document);
  rules->upstream = readUpstreamAuth(document, report);
  rules->session_lifetime = integerOf(document, "session_lifetime");
  rules->session_lifetime_respects_key_expiration =
      flagOf(document, "session_lifetime_respects_key_expiration");
  spec.auth = std::move(rules);
}

}  // namespace tykpp::definition
