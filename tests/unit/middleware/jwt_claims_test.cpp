#include "middleware/jwt_claims.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"

namespace tykpp::middleware {
namespace {

using definition::ClaimRule;
using definition::JwtRules;

std::string part(std::string_view text) {
  std::string out = encodeBase64(text, false);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

TokenFacts facts(std::string_view claims, const JwtRules& rules,
                 std::string_view header = R"({"alg":"HS256"})") {
  const std::string text = part(header) + "." + part(claims) + ".c2ln";
  const auto token = jwt::Token::parse(text);
  EXPECT_TRUE(token) << claims;
  return factsOf(*token, rules);
}

std::string timeText(std::string_view claims, std::int64_t now, const JwtRules& rules = {}) {
  const auto problem = timeProblem(facts(claims, rules), rules, now);
  return problem ? problem->message() : "";
}

TEST(JwtTimes, HoldFromTheFirstSecondToTheLast) {
  EXPECT_EQ(timeText(R"({"exp":100})", 99), "");
  EXPECT_EQ(timeText(R"({"exp":100})", 100), "Key not authorized: token has expired");
  EXPECT_EQ(timeText(R"({"nbf":100})", 100), "");
  EXPECT_EQ(timeText(R"({"nbf":100})", 99), "Key not authorized: token is not valid yet");
  EXPECT_EQ(timeText(R"({"iat":100})", 99), "Key not authorized: token used before issued");
  EXPECT_EQ(timeText(R"({})", 5), "");
  EXPECT_EQ(timeText(R"({"exp":0})", 5), "");  // as the reference: nought is none
}

TEST(JwtTimes, MayBeOffByTheSkew) {
  JwtRules rules;
  rules.expires_at_skew = 10;
  rules.not_before_skew = 20;
  rules.issued_at_skew = 30;
  EXPECT_EQ(timeText(R"({"exp":100})", 109, rules), "");
  EXPECT_NE(timeText(R"({"exp":100})", 110, rules), "");
  EXPECT_EQ(timeText(R"({"nbf":100,"iat":110})", 80, rules), "");
  EXPECT_NE(timeText(R"({"nbf":100})", 79, rules), "");
  EXPECT_NE(timeText(R"({"iat":110})", 79, rules), "");
}

TEST(JwtTimes, ThatAreNoTimesNeverHold) {
  for (const char* claims : {R"({"exp":"100"})", R"({"exp":null})", R"({"exp":{}})",
                             R"({"exp":-1e300})", R"({"exp":1})"})
    EXPECT_EQ(timeText(claims, 1000), "Key not authorized: token has expired") << claims;
  for (const char* claims : {R"({"nbf":[]})", R"({"nbf":1e300})"})
    EXPECT_EQ(timeText(claims, 1000), "Key not authorized: token is not valid yet") << claims;
  EXPECT_EQ(timeText(R"({"exp":1e300})", 1000), "");
}

TEST(JwtIdentity, ComesFromTheNamedClaimElseTheSubject) {
  JwtRules rules;
  rules.identity_claims = {"user.id"};
  EXPECT_EQ(facts(R"({"user.id":"flat","user":{"id":"deep"}})", rules).identity, "flat");
  EXPECT_EQ(facts(R"({"user":{"id":"deep"},"sub":"s"})", rules).identity, "deep");
  EXPECT_EQ(facts(R"({"sub":"s"})", rules).identity, "s");
  EXPECT_EQ(facts(R"({"user":{"id":7},"sub":"s"})", rules).identity, "s");
  EXPECT_EQ(facts(R"({"sub":7})", rules).identity_problem,
            "no suitable claims for user ID were found");
  EXPECT_EQ(facts(R"({"sub":""})", rules).identity_problem, "found an empty user ID in sub claim");
  EXPECT_EQ(facts(R"({"user.id":"","sub":"s"})", rules).identity_problem,
            "found an empty user ID in predefined base claim, claim: user.id");
}

TEST(JwtIdentity, OfOasDefinitionsComesFromAListOfClaims) {
  JwtRules rules;
  rules.oas = true;
  rules.identity_claims = {"uid", "mail"};
  EXPECT_EQ(facts(R"({"mail":"m","uid":"u"})", rules).identity, "u");
  EXPECT_EQ(facts(R"({"mail":"m","sub":"s"})", rules).identity, "m");
  EXPECT_EQ(facts(R"({"sub":"s"})", rules).identity, "s");
  EXPECT_EQ(facts(R"({"sub":""})", rules).identity_problem,
            "found an empty user ID in predefined base claim, claim: sub");
}

TEST(JwtScopes, MapToPoliciesOnceEach) {
  JwtRules rules;
  rules.scope_to_policy = {{"read", "r"}, {"look", "r"}, {"write", "w"}};
  using List = std::vector<std::string>;
  EXPECT_EQ(facts(R"({"scope":"write read look other"})", rules).scope_policies, (List{"r", "w"}));
  EXPECT_EQ(facts(R"({"scope":["write",["read"],7]})", rules).scope_policies, (List{"r", "w"}));
  EXPECT_TRUE(facts(R"({"scope":["read write"]})", rules).scope_policies.empty());
  EXPECT_TRUE(facts(R"({"scope":"other"})", rules).has_scopes);
  EXPECT_FALSE(facts(R"({"scope":[]})", rules).has_scopes);
  EXPECT_FALSE(facts(R"({"scope":7})", rules).has_scopes);
  rules.scope_claims = {"realm.scp"};
  EXPECT_EQ(facts(R"({"realm":{"scp":"read"}})", rules).scope_policies, List{"r"});
}

struct Check {
  const char* claims;
  const char* refusal;
};

JwtRules strict() {
  JwtRules rules;
  rules.oas = true;
  rules.allowed_issuers = {"i"};
  rules.allowed_audiences = {"a", "b"};
  rules.jti_required = true;
  rules.skip_kid = true;
  rules.allowed_subjects = {"s"};
  rules.claim_rules = {{"list", ClaimRule::Kind::kContains, R"(["x",5])", false},
                       {"role", ClaimRule::Kind::kExactMatch, R"(["admin",{"a":1}])", false},
                       {"t.0.n", ClaimRule::Kind::kRequired, "[]", false}};
  return rules;
}

TEST(JwtOasChecks, NameTheFirstThatFails) {
  const std::string head = R"({"iss":"i","aud":["z","b"],"jti":1,"sub":"s",)";
  const std::string good = head + R"("list":"axb","role":"admin","t":[{"n":0}]})";
  EXPECT_EQ(facts(good, strict()).refusal, "");
  const std::pair<std::string, const char*> cases[] = {
      {R"({})", "issuer claim is required but not present in token"},
      {R"({"iss":7})", "issuer claim must be a string"},
      {R"({"iss":"j"})", "invalid issuer claim: j"},
      {R"({"iss":"i"})", "audience claim is required but not present in token"},
      {R"({"iss":"i","aud":7})", "invalid audience claim format"},
      {R"({"iss":"i","aud":["x",7,"y"]})", "no matching audience found in token: [x y]"},
      {R"({"iss":"i","aud":"a"})", "JWT ID (jti) claim is required but not present in token"},
      {R"({"iss":"i","aud":"a","jti":1,"sub":"x"})", "invalid subject value: x"},
      {R"({"iss":"i","aud":"a","jti":1})", "no suitable claims for user ID were found"},
      {head + R"("a":1})", "custom claim list is required but not present in token"},
      {head + R"("list":["y"]})", "claim list value does not contain any expected values"},
      {head + R"("list":[5],"role":"guest"})",
       "claim role value does not match any expected values"},
      {head + R"("list":5,"role":{"a":1},"t":[{"n":null}]})",
       "custom claim t.0.n expects a non nil value"},
      {head + R"("list":"x","role":"admin","t":{"0":1}})",
       "custom claim t.0.n is required but not present in token"}};
  for (const auto& [claims, refusal] : cases)
    EXPECT_EQ(facts(claims, strict()).refusal, refusal) << claims;
}

TEST(JwtOasChecks, ThatBlockNothingRefuseNobody) {
  JwtRules rules = strict();
  rules.allowed_issuers.clear();
  rules.allowed_audiences.clear();
  rules.allowed_subjects.clear();
  rules.jti_required = false;
  for (ClaimRule& rule : rules.claim_rules) rule.non_blocking = true;
  EXPECT_EQ(facts(R"({"sub":"s"})", rules).refusal, "");
}

}  // namespace
}  // namespace tykpp::middleware
