#include "session/limits.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tykpp::session {
namespace {

using definition::RateLimiterConfig;

TEST(Limits, ChoosesTheLimiterByConfiguration) {
  RateLimiterConfig config;
  const RateLimit low{10, 1, {}};   // ten a second
  const RateLimit high{11, 1, {}};  // above two nodes at five a second
  EXPECT_EQ(chooseLimiter(config, {0, 60, {}}, 1), Limiter::kNone);
  EXPECT_EQ(chooseLimiter(config, {5, 0, {}}, 1), Limiter::kNone);
  EXPECT_EQ(chooseLimiter(config, {-1, 60, {}}, 1), Limiter::kNone);
  EXPECT_EQ(chooseLimiter(config, low, 1), Limiter::kBucket);
  EXPECT_EQ(chooseLimiter(config, low, 0), Limiter::kBucket);
  EXPECT_EQ(chooseLimiter(config, low, 2), Limiter::kSlidingLog);
  EXPECT_EQ(chooseLimiter(config, high, 2), Limiter::kBucket);
  config.drl_enable_sentinel_rate_limiter = true;
  EXPECT_EQ(chooseLimiter(config, low, 2), Limiter::kSentinel);
  config.enable_redis_rolling_limiter = true;
  EXPECT_EQ(chooseLimiter(config, high, 1), Limiter::kSlidingLog);
  config.enable_sentinel_rate_limiter = true;
  EXPECT_EQ(chooseLimiter(config, high, 1), Limiter::kSentinel);
  config.enable_fixed_window_rate_limiter = true;
  EXPECT_EQ(chooseLimiter(config, high, 1), Limiter::kFixedWindow);
}

TEST(Limits, LeavesOneRequestLessWhereASentinelStands) {
  RateLimiterConfig config;
  EXPECT_EQ(slidingLogBound(config, 5), 4);
  config.enable_sentinel_rate_limiter = true;
  EXPECT_EQ(slidingLogBound(config, 5), 3);
}

TEST(Limits, SmoothsOnlyWhereTheLogCounts) {
  RateLimiterConfig config;
  const RateLimit limit{10, 1, RateSmoothing{true, 2, 1, 1, 1}};
  EXPECT_FALSE(smooths(config, limit, Limiter::kSlidingLog));
  config.enable_rate_limit_smoothing = true;
  EXPECT_TRUE(smooths(config, limit, Limiter::kSlidingLog));
  EXPECT_TRUE(smooths(config, limit, Limiter::kSentinel));
  EXPECT_FALSE(smooths(config, limit, Limiter::kBucket));
  EXPECT_FALSE(smooths(config, limit, Limiter::kFixedWindow));
  EXPECT_FALSE(smooths(config, {10, 1, RateSmoothing{true, 2, 1, 1, 0}}, Limiter::kSlidingLog));
  EXPECT_FALSE(smooths(config, {10, 1, {}}, Limiter::kSlidingLog));
}

TEST(Limits, JoinsNamesWithoutEmptyPieces) {
  EXPECT_EQ(rateLimitName("", "k"), "rate-limit-k");
  EXPECT_EQ(rateLimitName("scope", "k"), "rate-limit-scope-k");
  EXPECT_EQ(rateLimitName("-s-", "--k--", "-e"), "rate-limit-s-k-e");
  EXPECT_EQ(rateLimitName("---", "k"), "rate-limit-k");
  EXPECT_EQ(quotaName("", "k"), "quota-k");
  EXPECT_EQ(quotaName("a", "k"), "quota-a-k");
  EXPECT_EQ(rateLimitName("", apiLimiterKey("org", "api")), "rate-limit-apilimiter-orgapi");
  EXPECT_EQ(rateLimitName("", apiLimiterKey("org", "api", "0a0b0c0d")),
            "rate-limit-apilimiter-orgapi-0a0b0c0d");
  EXPECT_EQ(endpointId("GET", "/a/{id}"), "GET:/a/{id}");
}

TEST(Limits, ListsCountersOfASession) {
  const auto session = SessionData::parse(
      R"({"access_rights":{"a":{"allowance_scope":"a"},"b":{"allowance_scope":"p"},)"
      R"("c":{"allowance_scope":"p"},"d":{}}})");
  EXPECT_EQ(
      countersToReset(*session, "k"),
      (std::vector<std::string>{"rate-limit-k.BLOCKED", "quota-k", "quota-a-k", "quota-p-k"}));
}

TEST(Limits, TellsTheQuotaOfTheApiElseOfTheSession) {
  const auto session = SessionData::parse(
      R"({"quota_max":9,"quota_remaining":8,"quota_renews":7,"access_rights":)"
      R"({"a":{"limit":{"quota_max":6,"quota_remaining":5,"quota_renews":4}},"b":{}}})");
  EXPECT_EQ(quotaHeaders(&*session, "a"), (RateHeaders{6, 5, 4}));
  EXPECT_EQ(quotaHeaders(&*session, "b"), (RateHeaders{9, 8, 7}));
  EXPECT_EQ(quotaHeaders(nullptr, "a"), (RateHeaders{0, 0, 0}));
}

TEST(Limits, TellsARateWithoutNegativeRest) {
  EXPECT_EQ(rateHeaders({5, 1, {}}, -1, 100), (RateHeaders{5, 0, 100}));
  EXPECT_EQ(rateHeaders({5, 1, {}}, 4, 100), (RateHeaders{5, 4, 100}));
}

TEST(Limits, ThrottlesWhenBothNumbersAreGiven) {
  ApiLimit limit;
  EXPECT_EQ(throttleOf(limit), Throttle{});
  limit.throttle_interval = 0.5;
  EXPECT_EQ(throttleOf(limit), Throttle{});
  limit.throttle_retry_limit = 3;
  EXPECT_EQ(throttleOf(limit), (Throttle{0.5, 3}));
  limit.throttle_interval = -1;
  EXPECT_EQ(throttleOf(limit), Throttle{});
}

TEST(Limits, MovesTheAllowanceInSteps) {
  using Change = SmoothingStep::Change;
  // Margin 5: up from 15 of 20, down from 10 of 20 on.
  const RateSmoothing smoothing{true, 10, 1, 5, 1};
  struct SmoothingCase {
    double allowance;
    double count;
    SmoothingStep wanted;
  };
  const SmoothingCase cases[] = {{20, 14, {20, Change::kNone}}, {20, 15, {25, Change::kUp}},
                                 {20, 11, {20, Change::kNone}}, {20, 10, {15, Change::kDown}},
                                 {28, 28, {30, Change::kUp}},   {30, 30, {30, Change::kNone}},
                                 {12, 0, {10, Change::kDown}},  {10, 0, {10, Change::kNone}}};
  for (const SmoothingCase& c : cases) {
    EXPECT_EQ(smoothingStep(smoothing, 30, c.allowance, c.count), c.wanted)
        << c.allowance << " " << c.count;
  }
}

}  // namespace
}  // namespace tykpp::session
