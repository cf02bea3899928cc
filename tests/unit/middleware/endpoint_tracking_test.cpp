#include "middleware/endpoint_tracking.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::middleware {
namespace {

class EndpointTrackingTest : public ::testing::Test {
 protected:
  EndpointTrackingTest() {
    api_.limits = rules_;
    config_.enable_analytics = true;
    rules_->tracked.push_back({"/tracked/{id}", "GET", "/list/0"});
    rules_->untracked.push_back({"/quiet", "GET", "/list/1"});
  }
  /// The exchange as the step left it.
  std::unique_ptr<test::TestExchange> after(const char* method, const char* path) {
    auto steps = EndpointTracking::create({api_, config_, 1}).value();
    EXPECT_EQ(steps.size(), 1u);
    auto on = std::make_unique<test::TestExchange>(method, path);
    on->exchange.listen_path_match = "/api/";
    EXPECT_EQ(*steps.front()->onRequest(on->exchange), chain::Verdict::kContinue);
    // What was noted lives as long as the chain, which is gone here.
    tracked_ = on->exchange.tracked_path.empty() ? "" : "noted";
    return on;
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::LimitRules> rules_ = std::make_shared<definition::LimitRules>();
  std::string tracked_;
};

TEST_F(EndpointTrackingTest, NotesTheRulesPath) {
  auto steps = EndpointTracking::create({api_, config_, 1}).value();
  test::TestExchange on("GET", "/api/tracked/7");
  on.exchange.listen_path_match = "/api/";
  EXPECT_EQ(*steps.front()->onRequest(on.exchange), chain::Verdict::kContinue);
  EXPECT_EQ(on.exchange.tracked_path, "/tracked/{id}");
  EXPECT_FALSE(on.exchange.unrecorded);
}

TEST_F(EndpointTrackingTest, TakesQuietEndpointsOut) {
  EXPECT_TRUE(after("GET", "/api/quiet")->exchange.unrecorded);
  EXPECT_EQ(tracked_, "");
}

TEST_F(EndpointTrackingTest, ComparesMethods) {
  EXPECT_FALSE(after("POST", "/api/quiet")->exchange.unrecorded);
  after("POST", "/api/tracked/7");
  EXPECT_EQ(tracked_, "");
}

TEST_F(EndpointTrackingTest, IsAbsentWhereNothingIsRecorded) {
  config_.enable_analytics = false;
  EXPECT_TRUE(EndpointTracking::create({api_, config_, 1})->empty());
  config_.enable_analytics = true;
  api_.do_not_track = true;
  EXPECT_TRUE(EndpointTracking::create({api_, config_, 1})->empty());
}

TEST_F(EndpointTrackingTest, TellsOfABrokenPatternEvenThen) {
  config_.enable_analytics = false;
  rules_->untracked.push_back({"/(", "GET", "/list/2"});
  const auto steps = EndpointTracking::create({api_, config_, 1});
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().where(), "/list/2/path");
}

}  // namespace
}  // namespace tykpp::middleware
