// Security schemes of OAS documents, down to the rules that steps are made of.

#include <gtest/gtest.h>

#include "definition/auth_rules.hpp"
#include "definition/listener_rules.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::shown;
using Texts = std::vector<std::string>;

constexpr const char* kX = "x-tyk-api-gateway";

/// A document with these schemes, requirements and authentication.
json document(json components, json security, json authentication) {
  authentication["enabled"] = true;
  return {{"openapi", "3.0.3"},
          {"info", {{"title", "a"}, {"version", "1"}}},
          {"paths", json::object()},
          {"components", {{"securitySchemes", std::move(components)}}},
          {"security", std::move(security)},
          {kX,
           {{"info", {{"name", "a"}, {"id", "a"}, {"orgId", "o"}, {"state", {{"active", true}}}}},
            {"upstream", {{"url", "http://h/"}}},
            {"server",
             {{"listenPath", {{"value", "/a/"}, {"strip", true}}},
              {"authentication", std::move(authentication)}}}}}};
}

const json kSchemes = {{"key", {{"type", "apiKey"}, {"in", "query"}, {"name", "k"}}},
                       {"other", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Other"}}},
                       {"jwt", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}},
                       {"user", {{"type", "http"}, {"scheme", "basic"}}},
                       {"strange", {{"type", "mutualTLS"}}}};

class OasSecurity : public ::testing::Test {
 protected:
  const AuthRules& rules(const json& from) {
    problems_.clear();
    auto spec = parseOas(from.dump(), "o.json", {}, problems_);
    EXPECT_TRUE(spec) << shown(problems_);
    spec_ = spec ? std::move(*spec) : ApiSpec{};
    static const AuthRules kNone;
    return spec_.auth ? *spec_.auth : kNone;
  }
  bool refused(const json& from, const std::string& place) {
    problems_.clear();
    const auto spec = parseOas(from.dump(), "o.json", {}, problems_);
    return !spec && test::problemAt(problems_, std::string("/") + kX + place) != nullptr;
  }
  Problems problems_;
  ApiSpec spec_;
};

json scheme(json members) {
  members["enabled"] = true;
  return members;
}

TEST_F(OasSecurity, TakesATokensPlaceFromTheScheme) {
  const AuthRules& found = rules(document(
      kSchemes, {{{"key", json::array()}}},
      {{"securitySchemes", {{"key", scheme({{"cookie", {{"enabled", true}, {"name", "c"}}}})}}}}));
  EXPECT_TRUE(found.token.enabled);
  EXPECT_EQ(found.token.source.header, "");
  EXPECT_EQ(found.token.source.param, "k");
  EXPECT_EQ(found.token.source.cookie, "c");
}

TEST_F(OasSecurity, FallsBackToTokensWhenNothingElseIsOn) {
  EXPECT_TRUE(rules(document(kSchemes, json::array(), json::object())).token.enabled);
  EXPECT_TRUE(
      rules(document(kSchemes, {{{"strange", json::array()}}}, json::object())).token.enabled);
  EXPECT_FALSE(spec_.use_keyless);
}

TEST_F(OasSecurity, TakesCertificatesForTokens) {
  const json on = {{"certificateAuth", {{"enabled", true}}}};
  const AuthRules& alone = rules(document(json::object(), json::array(), on));
  EXPECT_TRUE(alone.token.enabled && alone.token.use_certificate);
  EXPECT_TRUE(spec_.listener->token_certificates);
  // It says so in place of the scheme, in both directions.
  const auto with = [](bool enabled, bool in_scheme) {
    return json{{"certificateAuth", {{"enabled", enabled}}},
                {"securitySchemes", {{"key", scheme({{"enableClientCertificate", in_scheme}})}}}};
  };
  const json key = {{{"key", json::array()}}};
  EXPECT_TRUE(rules(document(kSchemes, key, with(true, false))).token.use_certificate);
  EXPECT_FALSE(rules(document(kSchemes, key, with(false, true))).token.use_certificate);
  EXPECT_EQ(spec_.auth->token.source.param, "k");
}

TEST_F(OasSecurity, TellsOfCertificatesThatDoNotCount) {
  const AuthRules& found = rules(document(
      kSchemes, {{{"user", json::array()}}},
      {{"certificateAuth", {{"enabled", true}}},
       {"securitySchemes", {{"user", scheme({{"header", {{"enabled", true}, {"name", "A"}}}})}}}}));
  EXPECT_TRUE(found.basic.enabled);
  EXPECT_FALSE(found.token.enabled || found.token.use_certificate);
  const Problem* told = test::problemAt(
      problems_, std::string("/") + kX + "/server/authentication/certificateAuth/enabled");
  ASSERT_NE(told, nullptr) << shown(problems_);
  EXPECT_EQ(told->severity, Severity::kWarning);
}

TEST_F(OasSecurity, OfSeveralTokensTakesTheFirstThatIsOn) {
  const json both = {{{"key", json::array()}, {"other", json::array()}}};
  const AuthRules& found = rules(
      document(kSchemes, both,
               {{"securitySchemes", {{"key", {{"enabled", false}}}, {"other", scheme({})}}}}));
  EXPECT_EQ(found.token.source.header, "X-Other");
  EXPECT_EQ(found.token.source.param, "");
}

TEST_F(OasSecurity, ReadsTokensOfIssuers) {
  const json jwt = scheme(
      {{"header", {{"enabled", true}, {"name", "X-Jwt"}}},
       {"signingMethod", "rsa"},
       {"jwksURIs", {{{"url", "https://a/"}, {"cacheTimeout", "2m"}}, {{"url", "http://b/"}}}},
       {"subjectClaims", {"uid", "sub"}},
       {"identityBaseField", "old"},
       {"basePolicyClaims", {"p", "q"}},
       {"scopes",
        {{"claims", {"scp", "scope"}},
         {"scopeToPolicyMapping", {{{"scope", "r"}, {"policyId", "pr"}}}}}},
       {"defaultPolicies", {"d"}},
       {"expiresAtValidationSkew", 5},
       {"allowedIssuers", {"i"}},
       {"jtiValidation", {{"enabled", true}}},
       {"customClaimValidation",
        {{"a.b", {{"type", "contains"}, {"allowedValues", {1, "x"}}, {"nonBlocking", true}}}}}});
  const JwtRules& found =
      rules(document(kSchemes, {{{"jwt", json::array()}}}, {{"securitySchemes", {{"jwt", jwt}}}}))
          .jwt;
  EXPECT_TRUE(found.enabled && found.central && found.oas && found.jti_required);
  EXPECT_EQ(found.family, JwtFamily::kRsa);
  EXPECT_EQ(found.source.header, "X-Jwt");
  ASSERT_EQ(found.key_sets.size(), 2u);
  EXPECT_EQ(found.key_sets[0].cache_timeout, std::chrono::seconds(120));
  EXPECT_EQ(found.key_sets[1].cache_timeout, std::nullopt);
  EXPECT_EQ(found.identity_claims, (Texts{"uid", "sub"}));
  EXPECT_EQ(found.policy_claims, (Texts{"p", "q"}));
  EXPECT_EQ(found.scope_claims, (Texts{"scp", "scope"}));
  EXPECT_EQ(found.scope_to_policy.at("r"), "pr");
  EXPECT_EQ(found.default_policies, Texts{"d"});
  EXPECT_EQ(found.expires_at_skew, 5);
  EXPECT_EQ(found.allowed_issuers, Texts{"i"});
  ASSERT_EQ(found.claim_rules.size(), 1u);
  EXPECT_EQ(found.claim_rules[0].kind, ClaimRule::Kind::kContains);
  EXPECT_EQ(found.claim_rules[0].allowed, R"([1,"x"])");
  EXPECT_FALSE(
      rules(document(kSchemes, {{{"jwt", json::array()}}}, {{"securitySchemes", {{"jwt", jwt}}}}))
          .token.enabled);
}

TEST_F(OasSecurity, ReadsUsers) {
  const json user =
      scheme({{"disableCaching", true},
              {"cacheTTL", 7},
              {"extractCredentialsFromBody",
               {{"enabled", true}, {"userRegexp", "u(.)"}, {"passwordRegexp", "p(.)"}}}});
  const BasicAuth& found = rules(document(kSchemes, {{{"user", json::array()}}},
                                          {{"securitySchemes", {{"user", user}}}}))
                               .basic;
  EXPECT_TRUE(found.enabled && found.disable_caching && found.extract_from_body);
  EXPECT_EQ(found.cache_ttl, std::chrono::seconds(7));
  EXPECT_EQ(found.body_password_regexp, "p(.)");
  EXPECT_EQ(found.source.header, "");
}

TEST_F(OasSecurity, ReadsSignatures) {
  const AuthRules& found = rules(document(json::object(), json::array(),
                                          {{"hmac",
                                            {{"enabled", true},
                                             {"header", {{"enabled", true}, {"name", "X-S"}}},
                                             {"allowedAlgorithms", {"hmac-sha256"}},
                                             {"allowedClockSkew", 1.5}}}}));
  EXPECT_TRUE(found.hmac.enabled);
  EXPECT_EQ(found.hmac.source.header, "X-S");
  EXPECT_EQ(found.hmac.allowed_clock_skew, 1.5);
  EXPECT_EQ(found.hmac.allowed_algorithms, Texts{"hmac-sha256"});
  EXPECT_FALSE(found.token.enabled);
}

TEST_F(OasSecurity, OffersAChoiceInCompliantModeAlone) {
  const json schemes = {{"key", scheme({})}, {"user", scheme({})}};
  const json security = {{{"key", json::array()}}, {{"user", json::array()}}};
  json authentication = {{"securitySchemes", schemes}};
  EXPECT_FALSE(rules(document(kSchemes, security, authentication)).choice());
  EXPECT_FALSE(spec_.auth->basic.enabled);
  authentication["securityProcessingMode"] = "compliant";
  const AuthRules& found = rules(document(kSchemes, security, authentication));
  ASSERT_EQ(found.groups.size(), 2u);
  EXPECT_EQ(found.groups[0][0].method, AuthMethod::kToken);
  EXPECT_EQ(found.groups[1][0].method, AuthMethod::kBasic);
  EXPECT_TRUE(found.basic.enabled && found.token.enabled);
  authentication["security"] = json::array({json::array({"hmac", "user"})});
  authentication["hmac"] = {{"enabled", true}};
  const AuthRules& mixed = rules(document(kSchemes, security, authentication));
  ASSERT_EQ(mixed.groups.size(), 2u);
  EXPECT_EQ(mixed.groups[1].size(), 2u);
  EXPECT_EQ(mixed.groups[1][0].method, AuthMethod::kHmac);
}

TEST_F(OasSecurity, NamesThePlaceOfMistakes) {
  const auto with = [](const char* name, json members) {
    return document(kSchemes, {{{name, json::array()}}},
                    {{"securitySchemes", {{name, scheme(std::move(members))}}}});
  };
  const std::string place = "/server/authentication/securitySchemes";
  EXPECT_TRUE(refused(with("jwt", {{"subjectClaims", "sub"}}), place + "/jwt/subjectClaims"));
  EXPECT_TRUE(refused(with("jwt", {{"jwksURIs", {{{"url", "ftp://a"}}}}}), place + "/0/url"));
  EXPECT_TRUE(refused(with("jwt", {{"customClaimValidation", {{"a", {{"type", "x"}}}}}}),
                      place + "/jwt/customClaimValidation/a/type"));
  EXPECT_TRUE(refused(with("jwt", {{"customClaimValidation", {{"a.#", {{"type", "required"}}}}}}),
                      place + "/jwt/customClaimValidation/a.#"));
  EXPECT_TRUE(refused(with("key", {{"header", 7}}), place + "/key/header"));
}

}  // namespace
}  // namespace tykpp::definition
