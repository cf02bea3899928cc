#include "middleware/auth_token.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

class AuthTokenTest : public ::testing::Test {
 protected:
  AuthTokenTest() {
    api_.org_id = "o";
    rules_.token.enabled = true;
  }
  /// What the step says about a request with this Authorization header and target.
  Result<chain::Verdict> ask(const char* authorization, std::string_view target = "/") {
    api_.auth = std::make_shared<definition::AuthRules>(rules_);
    request_ = std::make_unique<test::TestExchange>("GET", target);
    request_->exchange.api = &api_;
    if (authorization != nullptr) {
      request_->exchange.request().headers.add("Authorization", authorization);
    }
    const auto steps = AuthToken::create(
        {api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(), &keys_.keyrings()});
    EXPECT_EQ(steps->size(), 1u);
    return keys_.run(*steps->front(), request_->exchange);
  }
  int status(const char* authorization, std::string_view target = "/") {
    const auto verdict = ask(authorization, target);
    return verdict ? 200 : verdict.error().status();
  }
  definition::ApiSpec api_;
  definition::AuthRules rules_;
  test::KeyringLoop keys_;
  test::Fired fired_{"AuthFailure"};
  std::unique_ptr<test::TestExchange> request_;
};

TEST_F(AuthTokenTest, GivesTheRequestItsSession) {
  keys_.put("otoken", R"({"alias":"me","quota_max":10,"quota_remaining":4,"quota_renews":99})");
  for (const char* given : {"otoken", "Bearer otoken", "bearer otoken", "token"}) {
    ASSERT_EQ(status(given), 200) << given;
    EXPECT_EQ(request_->exchange.session->alias(), "me");
    EXPECT_EQ(request_->exchange.session->token(), "otoken");
    EXPECT_EQ(request_->exchange.limit_numbers.limit, 10);
    EXPECT_EQ(request_->exchange.limit_numbers.remaining, 4);
    EXPECT_EQ(request_->exchange.limit_numbers.reset, 99);
  }
}

TEST_F(AuthTokenTest, RefusesWhoBringsNothing) {
  const auto verdict = ask(nullptr);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 401);
  EXPECT_EQ(verdict.error().message(), "Authorization field missing");
  EXPECT_EQ(fired_.all().size(), 0u);
}

TEST_F(AuthTokenTest, RefusesWhomNobodyKnows) {
  const auto verdict = ask("stranger");
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "Access to this API has been disallowed");
  EXPECT_EQ(fired_.all().size(), 1u);
  EXPECT_EQ(status("Bearer  stranger"), 403);  // one space belongs to the scheme
}

TEST_F(AuthTokenTest, AnswersAsTheConfigurationSays) {
  auto messages = std::make_shared<definition::ErrorMessages>();
  messages->of(definition::ErrorId::kAuthFieldMissing) = {418, "bring one"};
  messages->of(definition::ErrorId::kAuthKeyNotFound) = {404, "who?"};
  messages->of(definition::ErrorId::kAuthKeyInvalid) = {409, "of no use"};
  keys_.config.identity.error_messages = messages;
  EXPECT_EQ(ask(nullptr).error().message(), "bring one");
  EXPECT_EQ(status(nullptr), 418);
  EXPECT_EQ(status("stranger"), 404);
  keys_.put("token", R"({"apply_policies":["gone"]})");
  EXPECT_EQ(status("token"), 409);
}

TEST_F(AuthTokenTest, TakesTokensFromOtherPlaces) {
  keys_.put("token", "{}");
  rules_.token.source = {"", "key", ""};
  EXPECT_EQ(status("token"), 401);
  EXPECT_EQ(status(nullptr, "/?key=token"), 200);
  EXPECT_EQ(status(nullptr, "/?key=tok%65n"), 200);
}

TEST_F(AuthTokenTest, LeavesTheIdentityToAnotherMethod) {
  keys_.put("token", "{}");
  api_.base_identity_provided_by = "jwt_claim";
  EXPECT_EQ(status("token"), 200);
  EXPECT_EQ(request_->exchange.session, nullptr);
}

TEST_F(AuthTokenTest, RefusesAKeyWhosePolicyIsGone) {
  keys_.put("token", R"({"apply_policies":["gone"]})");
  EXPECT_EQ(status("token"), 403);
}

TEST_F(AuthTokenTest, IsNoPartOfKeylessApis) {
  api_.use_keyless = true;
  api_.auth = std::make_shared<definition::AuthRules>(rules_);
  EXPECT_TRUE(AuthToken::create({api_, keys_.config, 1})->empty());
  api_.use_keyless = false;
  EXPECT_FALSE(AuthToken::create({api_, keys_.config, 1}));
}

}  // namespace
}  // namespace tykpp::middleware
