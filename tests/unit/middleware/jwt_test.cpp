#include "middleware/jwt.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "jwt/hmac.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using nlohmann::json;

std::string encodedPart(std::string_view text) {
  std::string out = encodeBase64(text, false);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::string hs256(const json& claims, std::string_view secret = "a secret",
                  const json& header = {{"alg", "HS256"}}) {
  const std::string text = encodedPart(header.dump()) + "." + encodedPart(claims.dump());
  return text + "." + encodedPart(jwt::hmac(jwt::Hash::kSha256, secret, text));
}

using Answer = std::pair<int, std::string>;

class JwtTest : public ::testing::Test {
 protected:
  JwtTest() {
    api_.org_id = "o";
    api_.api_id = "api";
    jwt().enabled = true;
    jwt().central = true;
    jwt().key = "a secret";
    jwt().policy_claims = {"pol"};
  }
  definition::JwtRules& jwt() { return rules_.jwt; }
  /// Puts policies in force, each a JSON object.
  void policies(const std::vector<json>& list) {
    session::PolicySet::Entries entries;
    for (const json& policy : list)
      entries[policy.at("id").get<std::string>()] = {session::Policy::parse(policy.dump()).value(),
                                                     "file"};
    const auto set = std::make_shared<session::PolicySet>(std::move(entries));
    keys_.sync([&] { keys_.keyring().setPolicies(set); });
  }
  static json policy(const char* id, int rate, const char* org = "o") {
    return {{"id", id},
            {"org_id", org},
            {"active", true},
            {"rate", rate},
            {"per", 60},
            {"quota_max", -1},
            {"access_rights", {{"api", {{"api_id", "api"}, {"versions", {"Default"}}}}}}};
  }
  void build() {
    api_.auth = std::make_shared<definition::AuthRules>(rules_);
    step_ = std::move(JwtAuth::create({api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(),
                                       &keys_.keyrings()})
                          ->front());
  }
  /// Status and text of the answer; 200 when the request passes.
  std::pair<int, std::string> ask(const std::string& token) {
    if (step_ == nullptr) build();
    request_ = std::make_unique<test::TestExchange>("GET", "/");
    request_->exchange.api = &api_;
    authorization_ = token;
    if (!token.empty()) request_->exchange.request().headers.add("Authorization", authorization_);
    const auto verdict = keys_.run(*step_, request_->exchange);
    if (verdict) return {200, ""};
    return {verdict.error().status(), verdict.error().message()};
  }
  const session::SessionData& session() { return request_->exchange.session->data(); }
  /// The stored session of a user.
  session::SessionData stored(const std::string& user) {
    name_ = "o" + md5Hex(user);
    const auto found =
        keys_.ask([&](session::Keyring& ring) { return ring.store().findByName(name_, name_); });
    return found && *found ? (**found).data : session::SessionData{};
  }

  definition::ApiSpec api_;
  definition::AuthRules rules_;
  test::KeyringLoop keys_;
  test::Fired fired_{"AuthFailure"};
  std::unique_ptr<test::TestExchange> request_;
  std::unique_ptr<chain::Step> step_;
  std::string authorization_;
  std::string name_;
};

TEST_F(JwtTest, MakesAndStoresTheSessionOfAUser) {
  policies({policy("gold", 7)});
  const std::int64_t end = unixSeconds() + 100;
  ASSERT_EQ(ask("Bearer " + hs256({{"sub", "me"}, {"pol", "gold"}, {"exp", end}})),
            Answer(200, ""));
  EXPECT_EQ(session().alias, "me");
  EXPECT_EQ(session().limit.rate.rate, 7);
  const session::SessionData kept = stored("me");
  EXPECT_EQ(kept.alias, "me");
  EXPECT_EQ(kept.expires, end);
  EXPECT_EQ(kept.apply_policies, std::vector<std::string>{"gold"});
  EXPECT_EQ(kept.meta_data.at("TykJWTSessionID").text, "o" + md5Hex("me"));
  EXPECT_EQ(kept.access_rights.count("api"), 1u);
}

TEST_F(JwtTest, IsAnsweredFromMemoryTheSecondTime) {
  policies({policy("gold", 7)});
  const std::string token = hs256({{"sub", "me"}, {"pol", "gold"}});
  for (int i = 0; i < 2; ++i) ASSERT_EQ(ask(token).first, 200);
  request_ = std::make_unique<test::TestExchange>("GET", "/");
  request_->exchange.api = &api_;
  request_->exchange.request().headers.add("Authorization", token);
  keys_.sync([&] {
    const auto verdict = step_->onRequest(request_->exchange);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(*verdict, chain::Verdict::kContinue);
  });
}

TEST_F(JwtTest, StillExpiresThen) {
  policies({policy("gold", 7)});
  const std::string token = hs256({{"sub", "me"}, {"pol", "gold"}, {"exp", unixSeconds() + 2}});
  ASSERT_EQ(ask(token).first, 200);
  while (ask(token).first == 200) {
  }
  EXPECT_EQ(ask(token), Answer(401, "Key not authorized: token has expired"));
}

TEST_F(JwtTest, IsRefusedWithoutARightSignature) {
  policies({policy("gold", 7)});
  const json claims = {{"sub", "me"}, {"pol", "gold"}};
  EXPECT_EQ(ask(""), Answer(400, "Authorization field missing"));
  EXPECT_EQ(fired_.all().size(), 1u);
  const Answer wrong(403, "Key not authorized");
  EXPECT_EQ(ask("nonsense"), wrong);
  EXPECT_EQ(ask(hs256(claims, "another secret")), wrong);
  EXPECT_EQ(ask(hs256(claims, "")), wrong);
  EXPECT_EQ(ask(hs256(claims) + "A"), wrong);
  EXPECT_EQ(ask(hs256(claims, "a secret", {{"alg", "hs256"}})), wrong);
  EXPECT_EQ(ask(hs256(claims, "a secret", {{"typ", "JWT"}})), wrong);
  const Answer method(403, "Key not authorized: Unexpected signing method");
  EXPECT_EQ(ask(hs256(claims, "a secret", {{"alg", "none"}})), method);
  EXPECT_EQ(ask(hs256(claims, "a secret", {{"alg", "RS256"}})), method);
  EXPECT_EQ(ask(encodedPart(R"({"alg":"none"})") + "." + encodedPart(claims.dump()) + "."), method);
}

TEST_F(JwtTest, OfAPublicKeyIsNotSignedWithThatKeysText) {
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPNxJuqJ/iQFmjo1IDe2rZ6Zg1Ti1\n"
      "hHxBMd+lxjcNBIsQUW657wDABxowkySCsHJAt/anU3FvXh0df60T6vIgnQ==\n"
      "-----END PUBLIC KEY-----\n";
  jwt().family = definition::JwtFamily::kEcdsa;
  jwt().key = pem;
  const json claims = {{"sub", "me"}, {"pol", "gold"}};
  EXPECT_EQ(ask(hs256(claims, pem)), Answer(403, "Key not authorized: Unexpected signing method"));
  EXPECT_EQ(ask(hs256(claims, pem, {{"alg", "ES256"}})), Answer(403, "Key not authorized"));
}

TEST_F(JwtTest, NeedsAPolicyOfTheOrganisation) {
  policies({policy("gold", 7), policy("foreign", 7, "other")});
  EXPECT_EQ(ask(hs256({{"sub", "a"}})),
            Answer(403, "key not authorized: no matching policy found"));
  EXPECT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gone"}})),
            Answer(403, "key not authorized: no matching policy"));
  EXPECT_EQ(ask(hs256({{"sub", "a"}, {"pol", "foreign"}})),
            Answer(403, "key not authorized: no matching policy"));
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gold"}})).first, 200);
  EXPECT_EQ(ask(hs256({{"sub", "a"}, {"pol", "foreign"}})),
            Answer(403, "key not authorized: no matching policy"));
  EXPECT_EQ(ask(hs256({{"pol", "gold"}})),
            Answer(403, "no suitable claims for user ID were found"));
}

TEST_F(JwtTest, SwitchesPoliciesWithTheClaim) {
  policies({policy("gold", 7), policy("silver", 3)});
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gold"}})).first, 200);
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "silver"}})).first, 200);
  EXPECT_EQ(session().limit.rate.rate, 3);
  EXPECT_EQ(stored("a").apply_policies, std::vector<std::string>{"silver"});
  EXPECT_EQ(ask(hs256({{"sub", "a"}})),
            Answer(403, "key not authorized: no matching policy found"));
}

TEST_F(JwtTest, TakesAllDefaultPolicies) {
  jwt().policy_claims.clear();
  jwt().default_policies = {"gold", "silver"};
  policies({policy("gold", 7), policy("silver", 9)});
  ASSERT_EQ(ask(hs256({{"sub", "a"}})).first, 200);
  EXPECT_EQ(stored("a").apply_policies, (std::vector<std::string>{"gold", "silver"}));
  EXPECT_EQ(session().limit.rate.rate, 9);
  policies({policy("silver", 9)});
  EXPECT_NE(ask(hs256({{"sub", "b"}})).first, 200);
}

TEST_F(JwtTest, MapsScopesInPlaceOfTheDefaults) {
  jwt().default_policies = {"gold"};
  jwt().scope_to_policy = {{"read", "silver"}, {"write", "copper"}};
  policies({policy("gold", 7), policy("silver", 3), policy("copper", 5)});
  using List = std::vector<std::string>;
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"scope", "read"}})).first, 200);
  EXPECT_EQ(stored("a").apply_policies, List{"silver"});
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"scope", "read write"}, {"pol", "gold"}})).first, 200);
  EXPECT_EQ(stored("a").apply_policies, (List{"gold", "copper", "silver"}));
  ASSERT_EQ(ask(hs256({{"sub", "a"}})).first, 200);
  EXPECT_EQ(stored("a").apply_policies, List{"gold"});
  EXPECT_EQ(ask(hs256({{"sub", "a"}, {"scope", "none"}})),
            Answer(403, "key not authorized: no matching policy found in scope claim"));
}

TEST_F(JwtTest, WithoutPoliciesDoesNotLiveOnAnEarlierToken) {
  jwt().scope_to_policy = {{"read", "silver"}};
  policies({policy("silver", 3)});
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"scope", "read"}})).first, 200);
  EXPECT_EQ(ask(hs256({{"sub", "a"}})),
            Answer(403, "key not authorized: no scope or policy in token"));
}

TEST_F(JwtTest, TakesThePolicyOfAClientsKey) {
  jwt().policy_claims.clear();
  jwt().client_claim = "client";
  policies({policy("gold", 7)});
  keys_.put("omobile", R"({"org_id":"o","apply_policies":["gold"]})");
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"client", "mobile"}})).first, 200);
  EXPECT_EQ(session().limit.rate.rate, 7);
  EXPECT_EQ(ask(hs256({{"sub", "b"}, {"client", "nobody"}})).first, 403);
}

TEST_F(JwtTest, LivesLongerWithALaterToken) {
  policies({policy("gold", 7)});
  const std::int64_t now = unixSeconds();
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gold"}, {"exp", now + 50}})).first, 200);
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gold"}, {"exp", now + 90}})).first, 200);
  EXPECT_EQ(stored("a").expires, now + 90);
  ASSERT_EQ(ask(hs256({{"sub", "a"}, {"pol", "gold"}, {"exp", now + 40}})).first, 200);
  EXPECT_EQ(stored("a").expires, now + 90);
}

TEST_F(JwtTest, OfOneKeyEachIsSignedWithTheKeysSecret) {
  jwt().central = false;
  jwt().key.clear();
  keys_.put("ofirst", R"({"org_id":"o","alias":"mine","jwt_data":{"secret":"key secret"}})");
  keys_.put("obare", R"({"org_id":"o"})");
  const json header = {{"alg", "HS256"}, {"kid", "first"}};
  ASSERT_EQ(ask(hs256({{"n", 1}}, "key secret", header)).first, 200);
  EXPECT_EQ(session().alias, "mine");
  EXPECT_EQ(ask(hs256({{"sub", "first"}}, "key secret")).first, 200);
  const Answer wrong(403, "Key not authorized");
  EXPECT_EQ(ask(hs256({{"n", 1}}, "other", header)), wrong);
  EXPECT_EQ(ask(hs256({{"n", 1}}, "", {{"alg", "HS256"}, {"kid", "bare"}})), wrong);
  EXPECT_EQ(ask(hs256({{"n", 1}}, "key secret", {{"alg", "HS256"}, {"kid", "nobody"}})), wrong);
  EXPECT_EQ(ask(hs256({{"exp", 1}}, "key secret", header)).first, 401);
}

TEST_F(JwtTest, WhoseDefinitionHasNoUsableKeyIsAlwaysRefused) {
  jwt().family = definition::JwtFamily::kRsa;
  EXPECT_EQ(ask(hs256({{"sub", "me"}}, "a secret", {{"alg", "RS256"}})),
            Answer(403, "Key not authorized"));
}

}  // namespace
}  // namespace tykpp::middleware
