#include "middleware/method_transform.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/transform_rules.hpp"
#include "http/upstream_change.hpp"

namespace tykpp::middleware {
namespace {

class MethodTransformTest : public ::testing::Test {
 protected:
  MethodTransformTest() {
    rules_->methods = {{{"/a", "GET", ""}, "PUT"}, {{"/b", "GET", ""}, "HEAD"}};
    api_.transforms = rules_;
    steps_ = MethodTransform::create({api_, config_, 1}).value();
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::TransformRules> rules_ =
      std::make_shared<definition::TransformRules>();
  std::vector<std::unique_ptr<chain::Step>> steps_;
};

TEST_F(MethodTransformTest, ChangesWhatGoesUpstream) {
  test::TestExchange on("GET", "/a");
  EXPECT_TRUE(steps_.front()->onRequest(on.exchange));
  EXPECT_EQ(on.exchange.request().method, "GET");
  ASSERT_NE(on.exchange.upstream_change, nullptr);
  EXPECT_EQ(on.exchange.upstream_change->method, "PUT");
  EXPECT_FALSE(on.exchange.upstream_change->rewritten);
}

TEST_F(MethodTransformTest, LeavesOthersAlone) {
  test::TestExchange on("POST", "/a");
  EXPECT_TRUE(steps_.front()->onRequest(on.exchange));
  EXPECT_EQ(on.exchange.upstream_change, nullptr);
}

TEST_F(MethodTransformTest, RefusesWhatIsNotAllowed) {
  test::TestExchange on("GET", "/b");
  const auto verdict = steps_.front()->onRequest(on.exchange);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 405);
  EXPECT_EQ(verdict.error().message(), "Method not allowed");
}

TEST_F(MethodTransformTest, IsAbsentWithoutRules) {
  rules_->methods.clear();
  EXPECT_TRUE(MethodTransform::create({api_, config_, 1})->empty());
}

}  // namespace
}  // namespace tykpp::middleware
