#include "middleware/api_limits.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::middleware {
namespace {

definition::GatewayConfig rollingConfig() {
  definition::GatewayConfig config;
  config.identity.limiter.enable_redis_rolling_limiter = true;
  config.identity.limiter.rate_limit_response_headers = "rate_limits";
  return config;
}

class ApiLimitsTest : public ::testing::Test {
 protected:
  explicit ApiLimitsTest(definition::GatewayConfig config = {}) : keys_(std::move(config)) {
    api_.api_id = "a";
    api_.org_id = "o";
    api_.limits = rules_;
  }
  Result<std::vector<std::unique_ptr<chain::Step>>> make() {
    return ApiLimits::create(
        {api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(), &keys_.keyrings()});
  }
  int status(const chain::Step& step, std::string_view target = "/l/x",
             const char* method = "GET") {
    request_ = std::make_unique<test::TestExchange>(method, target);
    request_->exchange.api = &api_;
    request_->exchange.listen_path_match = "/l/";
    const auto verdict = keys_.run(step, request_->exchange);
    if (verdict) return 200;
    message_ = verdict.error().message();
    return verdict.error().status();
  }
  definition::ApiSpec api_;
  std::shared_ptr<definition::LimitRules> rules_ = std::make_shared<definition::LimitRules>();
  test::KeyringLoop keys_;
  test::Fired fired_{"RatelimitExceeded"};
  std::unique_ptr<test::TestExchange> request_;
  std::string message_;
};

TEST_F(ApiLimitsTest, CountsAllCallersTogether) {
  rules_->global_rate = 2;
  rules_->global_per = 3600;
  const auto steps = make();
  ASSERT_EQ(steps->size(), 1u);
  EXPECT_EQ(status(*steps->front()), 200);
  EXPECT_EQ(status(*steps->front()), 200);
  EXPECT_EQ(status(*steps->front()), 429);
  EXPECT_EQ(message_, "API Rate Limit Exceeded");
  EXPECT_EQ(fired_.all(), std::vector<std::string>{"RatelimitExceeded API Rate Limit Exceeded "});
}

TEST_F(ApiLimitsTest, AnEndpointsRuleStandsInForTheApis) {
  rules_->global_rate = 1;
  rules_->global_per = 3600;
  rules_->endpoint_rates.push_back({{"/two", "GET", "/p"}, 2, 3600});
  rules_->endpoint_rates.push_back({{"/free", "GET", "/p"}, 0, 0});
  const auto steps = make();
  const chain::Step& step = *steps->front();
  EXPECT_EQ(status(step, "/l/two"), 200);
  EXPECT_EQ(status(step, "/l/two"), 200);
  EXPECT_EQ(status(step, "/l/two"), 429);
  EXPECT_EQ(status(step, "/l/other"), 200);
  EXPECT_EQ(status(step, "/l/two", "POST"), 429) << "the API's own has been used up";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(step, "/l/free"), 200);
}

TEST_F(ApiLimitsTest, IsAbsentWithoutALimit) {
  EXPECT_TRUE(make()->empty());
  rules_->global_rate = 1;
  rules_->disable_rate_limit = true;
  EXPECT_TRUE(make()->empty());
}

TEST_F(ApiLimitsTest, NamesThePathThatCannotBeCompiled) {
  rules_->endpoint_rates.push_back({{"(", "GET", "/list/0"}, 2, 3600});
  const auto steps = make();
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().where(), "/list/0/path");
}

class RollingApiLimitsTest : public ApiLimitsTest {
 protected:
  RollingApiLimitsTest() : ApiLimitsTest(rollingConfig()) {}
};

TEST_F(RollingApiLimitsTest, CountsInTheStoreUnderTheApisName) {
  rules_->global_rate = 2;
  rules_->global_per = 3600;
  const auto steps = make();
  EXPECT_EQ(status(*steps->front()), 200);
  EXPECT_EQ(request_->exchange.answer_headers.get("X-Ratelimit-Remaining"), "1");
  EXPECT_EQ(status(*steps->front()), 200);
  EXPECT_EQ(status(*steps->front()), 429);
  const auto logged = keys_.ask([](session::Keyring& ring) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return ring.client().slidingLogCount(
        "rate-limit-apilimiter-oa",
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(), std::chrono::hours(1));
  });
  EXPECT_GE(logged.value(), 2);
}

}  // namespace
}  // namespace tykpp::middleware
