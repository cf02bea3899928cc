#include "session/rate_limiter.hpp"

#include <gtest/gtest.h>

#include "common/keyring_fixture.hpp"

namespace tykpp::session {
namespace {

using namespace std::chrono_literals;

definition::GatewayConfig configWith(void (*change)(definition::RateLimiterConfig&)) {
  definition::GatewayConfig config;
  change(config.identity.limiter);
  return config;
}

class Limited {
 public:
  explicit Limited(void (*change)(definition::RateLimiterConfig&) = [](auto&) {})
      : keys_(configWith(change)), limiter_(keys_.keyrings()) {}

  Limiter kind(const RateLimit& limit) const { return limiter_.limiterFor(limit); }
  RateAnswer count(const RateRule& rule) {
    return keys_
        .ask([this, &rule](Keyring& ring) {
          return limiter_.count(ring, limiter_.limiterFor(rule.limit), rule);
        })
        .value();
  }
  bool looksFree(const RateRule& rule) {
    return keys_
        .ask([this, &rule](Keyring& ring) {
          return limiter_.look(ring, limiter_.limiterFor(rule.limit), rule);
        })
        .value()
        .admitted;
  }
  /// How many of ten requests are let in.
  int admittedOfTen(const RateRule& rule) {
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += count(rule).admitted ? 1 : 0;
    return admitted;
  }
  storage::Fields fields(const std::string& key) {
    return keys_.ask([&key](Keyring& ring) { return ring.client().fields(key); }).value();
  }
  test::KeyringLoop keys_;
  RateLimiter limiter_;
};

RateRule ruleOf(double rate, double per = 3600) {
  return makeRateRule({rate, per, std::nullopt}, "rate-limit-k", "");
}

TEST(RateLimiter, TakesFromTheBucketInMemory) {
  Limited on;
  const RateRule rule = ruleOf(3, 10);
  ASSERT_EQ(on.kind(rule.limit), Limiter::kBucket);
  const Clock::time_point now = Clock::now();
  EXPECT_EQ(on.limiter_.peek(rule, now).remaining, 3);
  EXPECT_EQ(on.limiter_.take(rule, now).remaining, 2);
  EXPECT_EQ(on.limiter_.take(rule, now + 1s).left, 9s);
  EXPECT_TRUE(on.limiter_.take(rule, now).admitted);
  EXPECT_FALSE(on.limiter_.take(rule, now).admitted);
  EXPECT_FALSE(on.limiter_.peek(rule, now).admitted);
  EXPECT_TRUE(on.limiter_.take(rule, now + 10s).admitted);
}

TEST(RateLimiter, KeepsASlidingLog) {
  Limited on([](auto& config) { config.enable_redis_rolling_limiter = true; });
  const RateRule rule = ruleOf(3);
  ASSERT_EQ(on.kind(rule.limit), Limiter::kSlidingLog);
  EXPECT_TRUE(on.looksFree(rule));
  const RateAnswer first = on.count(rule);
  EXPECT_TRUE(first.admitted);
  EXPECT_EQ(first.remaining, 2);
  EXPECT_EQ(first.left, 0s);
  EXPECT_TRUE(on.looksFree(rule));
  EXPECT_EQ(on.admittedOfTen(rule), 2);
  EXPECT_FALSE(on.looksFree(rule));
  const RateAnswer refused = on.count(rule);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_GT(refused.left, 3500s);
  EXPECT_LE(refused.left, 3600s);
}

TEST(RateLimiter, CountsFixedWindows) {
  Limited on([](auto& config) { config.enable_fixed_window_rate_limiter = true; });
  // A window as long as a human life does not end while the test runs.
  const RateRule rule = ruleOf(2, 3'000'000'000.0);
  ASSERT_EQ(on.kind(rule.limit), Limiter::kFixedWindow);
  EXPECT_TRUE(on.looksFree(rule));
  EXPECT_EQ(on.count(rule).remaining, 1);
  EXPECT_TRUE(on.looksFree(rule));
  EXPECT_EQ(on.admittedOfTen(rule), 1);
  EXPECT_FALSE(on.looksFree(rule));
}

TEST(RateLimiter, SetsASentinelBehindTheDecision) {
  Limited on([](auto& config) { config.enable_sentinel_rate_limiter = true; });
  const RateRule rule = ruleOf(3);
  ASSERT_EQ(on.kind(rule.limit), Limiter::kSentinel);
  EXPECT_TRUE(on.looksFree(rule));
  EXPECT_EQ(on.admittedOfTen(rule), 3);
  EXPECT_FALSE(on.looksFree(rule));
}

TEST(RateLimiter, MovesASmoothedAllowance) {
  Limited on([](auto& config) {
    config.enable_redis_rolling_limiter = true;
    config.enable_rate_limit_smoothing = true;
  });
  RateRule rule = ruleOf(10);
  rule.limit.smoothing = RateSmoothing{true, 4, 0.5, 4, 3600};
  EXPECT_EQ(on.admittedOfTen(rule), 4) << "the threshold holds until the delay is over";
  EXPECT_FALSE(on.looksFree(rule));
  auto stored = on.fields("rate-limit-k-allowance");
  ASSERT_EQ(stored.size(), 3U);
  const auto value = [&](const std::string& name) {
    for (const auto& [field, text] : stored) {
      if (field == name) return text;
    }
    return std::string("missing");
  };
  EXPECT_EQ(value("current"), "4");
  EXPECT_EQ(value("delay"), "3600");
  // The delay is over.
  for (auto& [field, text] : stored) {
    if (field == "nextUpdateAt") text = "2020-01-01T00:00:00Z";
  }
  on.keys_
      .ask([&stored](Keyring& ring) {
        return ring.client().setFields("rate-limit-k-allowance", stored, 100s);
      })
      .value();
  const RateAnswer moved = on.count(rule);
  EXPECT_EQ(moved.smoothing.change, SmoothingStep::Change::kUp);
  EXPECT_EQ(moved.smoothing.allowance, 8);
  stored = on.fields("rate-limit-k-allowance");
  EXPECT_EQ(value("current"), "8");
  EXPECT_EQ(on.count(rule).smoothing.change, SmoothingStep::Change::kNone);
}

TEST(RateLimiter, ChoosesByTheNumberOfGateways) {
  Limited on;
  EXPECT_EQ(on.kind({0, 1, std::nullopt}), Limiter::kNone);
  on.keys_.keyrings().setNodes(2);
  EXPECT_EQ(on.kind({1000, 1, std::nullopt}), Limiter::kBucket);
  EXPECT_EQ(on.kind({10, 60, std::nullopt}), Limiter::kSlidingLog);
}

}  // namespace
}  // namespace tykpp::session
