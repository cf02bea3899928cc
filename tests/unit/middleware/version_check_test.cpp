#include "middleware/version_check.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

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

TEST_F(VersionCheckTest, RefusesWhenTheDateCannotBeRead) {
  EXPECT_FALSE(make(0).at(0)->onRequest(exchange_));
}

}  // namespace
}  // namespace tykpp::middleware
