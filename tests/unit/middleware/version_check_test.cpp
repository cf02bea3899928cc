#include "middleware/version_check.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::middleware {
namespace {

class VersionCheckTest : public ::testing::Test {
 protected:
  std::vector<std::unique_ptr<chain::Step>> make(std::optional<std::int64_t> expires_at) {
    api_.expires_at = expires_at;
    return std::move(VersionCheck::create({api_, config_, 1}).value());
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_{arena_, 0, 1};
};

TEST_F(VersionCheckTest, IsAbsentWhenTheApiNeverExpires) {
  EXPECT_TRUE(make(std::nullopt).empty());
}

TEST_F(VersionCheckTest, LetsRequestsThroughUntilTheDate) {
  EXPECT_EQ(make(unixSeconds() + 3600).at(0)->onRequest(exchange_).value(),
            chain::Verdict::kContinue);
}

TEST_F(VersionCheckTest, FiresVersionFailure) {
  tykpp::test::Fired fired("VersionFailure");
  api_.expires_at = unixSeconds() - 1;
  auto steps = VersionCheck::create({api_, config_, 1, nullptr, nullptr, fired.emitter()});
  ASSERT_TRUE(steps);
  EXPECT_FALSE(steps->at(0)->onRequest(exchange_));
  EXPECT_EQ(fired.all(), std::vector<std::string>{
                             "VersionFailure Attempted access to disallowed version / path. "});
}

TEST_F(VersionCheckTest, RefusesAfterTheDate) {
  const auto verdict = make(unixSeconds() - 1).at(0)->onRequest(exchange_);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(),
            "API has expired, please check documentation or contact administrator");
}

TEST_F(VersionCheckTest, SaysThatItIsTheVersionThatEnded) {
  api_.version_name = "v1";
  const auto verdict = make(unixSeconds() - 1).at(0)->onRequest(exchange_);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message(),
            "Api Version has expired, please check documentation or contact administrator");
}

TEST_F(VersionCheckTest, RefusesWhenTheDateCannotBeRead) {
  EXPECT_FALSE(make(0).at(0)->onRequest(exchange_));
}

class EndpointsTest : public VersionCheckTest {
 protected:
  EndpointsTest() { api_.limits = rules_; }
  Result<chain::Verdict> ask(const char* method, const char* path) {
    exchange_.request().method = method;
    exchange_.request().path = path;
    return make(std::nullopt).at(0)->onRequest(exchange_);
  }
  void add(definition::EndpointList list, const char* path) {
    definition::EndpointRule rule;
    rule.list = list;
    rule.place = {path, "GET", "/list/0"};
    rule.reply = {201, "made up", {{"X-Made", "up"}}};
    rules_->endpoints.push_back(rule);
  }
  std::shared_ptr<definition::LimitRules> rules_ = std::make_shared<definition::LimitRules>();
};

TEST_F(EndpointsTest, RefusesClosedEndpoints) {
  add(definition::EndpointList::kBlocked, "/shut");
  const auto verdict = ask("GET", "/shut");
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "Requested endpoint is forbidden");
  EXPECT_EQ(ask("GET", "/other").value(), chain::Verdict::kContinue);
  EXPECT_FALSE(exchange_.ignore_auth);
}

TEST_F(EndpointsTest, MarksOpenEndpoints) {
  add(definition::EndpointList::kIgnored, "/open");
  EXPECT_EQ(ask("GET", "/open").value(), chain::Verdict::kContinue);
  EXPECT_TRUE(exchange_.ignore_auth);
}

TEST_F(EndpointsTest, AnswersInPlaceOfTheUpstream) {
  add(definition::EndpointList::kMock, "/mock");
  const auto steps = make(std::nullopt);
  exchange_.request().method = "GET";
  exchange_.request().path = "/mock";
  EXPECT_EQ(steps.at(0)->onRequest(exchange_).value(), chain::Verdict::kRespond);
  EXPECT_EQ(exchange_.response().status, 201);
  EXPECT_EQ(*exchange_.response().body(), "made up");
  EXPECT_EQ(exchange_.response().headers.get("X-Made"), "up");
  EXPECT_EQ(exchange_.response().headers.get("Content-Type"), "text/plain; charset=utf-8");
}

TEST_F(EndpointsTest, LetsPreflightsOfAnsweredCorsPass) {
  add(definition::EndpointList::kAllowed, "/in");
  exchange_.request().headers.add("Access-Control-Request-Method", "PUT");
  EXPECT_FALSE(ask("OPTIONS", "/out"));
  api_.cors.enabled = true;
  EXPECT_EQ(ask("OPTIONS", "/out").value(), chain::Verdict::kContinue);
  EXPECT_TRUE(exchange_.ignore_auth);
}

}  // namespace
}  // namespace tykpp::middleware
