#include "middleware/basic_auth.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "session/password.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using Answer = std::pair<int, std::string>;

class BasicAuthTest : public ::testing::Test {
 protected:
  BasicAuthTest() {
    api_.org_id = "o";
    api_.name = "a \"b\"";
    rules_.basic.enabled = true;
  }
  void user(const std::string& name, const std::string& function) {
    const session::BasicAuthData kept = session::hashPassword("pass word", function).value();
    keys_.put("o" + name, R"({"org_id":"o","alias":")" + name +
                              R"(","basic_auth_data":{"password":")" + kept.password +
                              R"(","hash_type":")" + kept.hash_type + "\"}}");
  }
  Answer ask(const std::string& authorization, const char* body = nullptr) {
    if (step_ == nullptr) {
      api_.auth = std::make_shared<definition::AuthRules>(rules_);
      step_ = std::move(BasicAuth::create({api_, keys_.config, 1, nullptr, nullptr,
                                           fired_.emitter(), &keys_.keyrings()})
                            ->front());
    }
    request_ = std::make_unique<test::TestExchange>("POST", "/");
    request_->exchange.api = &api_;
    authorization_ = authorization;
    if (!authorization.empty())
      request_->exchange.request().headers.add("Authorization", authorization_);
    if (body != nullptr) request_->exchange.request().setBody(body);
    const auto verdict = keys_.run(*step_, request_->exchange);
    if (verdict) return {200, request_->exchange.session->alias()};
    return {verdict.error().status(), verdict.error().message()};
  }
  static std::string basic(const std::string& credentials) {
    return "Basic " + encodeBase64(credentials);
  }
  std::string challenge() {
    return std::string(request_->exchange.error_headers.get("WWW-Authenticate"));
  }

  definition::ApiSpec api_;
  definition::AuthRules rules_;
  test::KeyringLoop keys_;
  test::Fired fired_{"AuthFailure"};
  std::unique_ptr<chain::Step> step_;
  std::unique_ptr<test::TestExchange> request_;
  std::string authorization_;
};

TEST_F(BasicAuthTest, KnowsUsersByEveryHash) {
  for (const char* function : {"bcrypt", "sha256", "murmur64", ""}) {
    const std::string name = std::string("user-") + function;
    user(name, function);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(ask(basic(name + ":pass word")), Answer(200, name)) << function;
    EXPECT_EQ(ask(basic(name + ":password")), Answer(401, "User not authorised")) << function;
    EXPECT_EQ(challenge(), R"(Basic realm="a \"b\"")");
  }
  EXPECT_EQ(fired_.all().size(), 4u);
}

TEST_F(BasicAuthTest, RemembersARightPasswordUntilItChanges) {
  user("ann", "bcrypt");
  ASSERT_EQ(ask(basic("ann:pass word")).first, 200);
  keys_.sync([&] {
    test::TestExchange again("GET", "/");
    again.exchange.api = &api_;
    again.exchange.request().headers.addCopy("Authorization", basic("ann:pass word"));
    const auto verdict = step_->onRequest(again.exchange);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(*verdict, chain::Verdict::kContinue);
  });
  keys_.put("oann", R"({"org_id":"o","basic_auth_data":{"password":"other"}})");
  EXPECT_EQ(ask(basic("ann:pass word")).first, 401);
  EXPECT_EQ(ask(basic("ann:other")).first, 200);
}

TEST_F(BasicAuthTest, SaysWhatIsWrongWithAHeader) {
  const std::string start = "Attempted access with malformed header, ";
  EXPECT_EQ(ask(""), Answer(401, "Authorization field missing"));
  EXPECT_FALSE(challenge().empty());
  EXPECT_EQ(ask("Basic"), Answer(400, start + "header not in basic auth format"));
  EXPECT_TRUE(challenge().empty());
  EXPECT_EQ(ask("Basic a b"), Answer(400, start + "header not in basic auth format"));
  EXPECT_EQ(ask("Basic a"), Answer(400, start + "auth data not encoded correctly"));
  EXPECT_EQ(ask(basic("ann")), Answer(400, start + "values not in basic auth format"));
  EXPECT_EQ(ask(basic("ann:a:b")), Answer(400, start + "values not in basic auth format"));
}

TEST_F(BasicAuthTest, TakesNoKeyWithoutAPasswordForAUser) {
  keys_.put("obare", R"({"org_id":"o"})");
  EXPECT_EQ(ask(basic("bare:")).first, 401);
  EXPECT_EQ(ask(basic(":")).first, 401);
}

TEST_F(BasicAuthTest, LooksIntoBodiesBehindTheHeader) {
  rules_.basic.extract_from_body = true;
  rules_.basic.body_user_regexp = "user=([^&]*)";
  rules_.basic.body_password_regexp = "pass=[^&]*";
  user("ann", "");
  EXPECT_EQ(ask(basic("ann:pass word"), "x"), Answer(200, "ann"));
  EXPECT_EQ(ask("", "x"), Answer(400, "Body do not contain username"));
  EXPECT_TRUE(challenge().empty());
  EXPECT_EQ(ask("", "user=ann"), Answer(400, "Body do not contain password"));
  EXPECT_EQ(ask("", "user=ann&pass=pass word"),
            Answer(400, "password should be inside regexp match group"));
  EXPECT_EQ(ask(""), Answer(400, "Body do not contain username"));
  EXPECT_EQ(step_->requestBody(), http::BodyNeed::kBuffer);
  step_.reset();
  rules_.basic.body_password_regexp = "pass=([^&]*)";
  EXPECT_EQ(ask("", "user=ann&pass=pass word"), Answer(200, "ann"));
  EXPECT_EQ(ask("", "user=ann&pass=no"), Answer(401, "User not authorised"));
}

}  // namespace
}  // namespace tykpp::middleware
