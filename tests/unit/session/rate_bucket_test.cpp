#include "session/rate_bucket.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace tykpp::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::time_point kStart{seconds(1000)};

TEST(RateBuckets, AdmitsTheRateInEachWindow) {
  RateBuckets buckets;
  const BucketName name("a");
  const RateLimit limit{3, 10, {}};
  for (std::int64_t left : {2, 1, 0}) {
    const BucketAnswer answer = buckets.take(name, limit, 1, kStart + seconds(2 - left));
    EXPECT_TRUE(answer.admitted);
    EXPECT_EQ(answer.remaining, left);
    EXPECT_EQ(answer.reset, kStart + seconds(10));
  }
  const BucketAnswer refused = buckets.take(name, limit, 1, kStart + milliseconds(9999));
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.reset, kStart + seconds(10));
  // The next window begins with the next request, whenever that comes.
  const BucketAnswer next = buckets.take(name, limit, 1, kStart + seconds(25));
  EXPECT_TRUE(next.admitted);
  EXPECT_EQ(next.remaining, 2);
  EXPECT_EQ(next.reset, kStart + seconds(35));
}

TEST(RateBuckets, CountsFractionsOfARate) {
  RateBuckets buckets;
  const BucketName name("a");
  EXPECT_TRUE(buckets.take(name, {1.5, 0.5, {}}, 1, kStart).admitted);
  EXPECT_FALSE(buckets.take(name, {1.5, 0.5, {}}, 1, kStart).admitted);
  EXPECT_TRUE(buckets.take(name, {1.5, 0.5, {}}, 1, kStart + milliseconds(500)).admitted);
}

TEST(RateBuckets, SharesARateAmongNodes) {
  RateBuckets buckets;
  const auto admitted = [&](const char* name, double rate, int nodes) {
    int count = 0;
    while (buckets.take(BucketName(name), {rate, 1, {}}, nodes, kStart).admitted) ++count;
    return count;
  };
  EXPECT_EQ(admitted("ten of two", 10, 2), 5);
  EXPECT_EQ(admitted("ten of three", 10, 3), 3);
  EXPECT_EQ(admitted("one of five", 1, 5), 1);
  EXPECT_EQ(admitted("less than one", 0.1, 1), 1);
  EXPECT_EQ(admitted("nobody known", 2, 0), 2);
}

TEST(RateBuckets, LooksWithoutCounting) {
  RateBuckets buckets;
  const BucketName name("a");
  const RateLimit limit{1, 10, {}};
  EXPECT_TRUE(buckets.peek(name, limit, 1, kStart).admitted);
  EXPECT_EQ(buckets.size(), 0U);
  EXPECT_TRUE(buckets.take(name, limit, 1, kStart).admitted);
  EXPECT_FALSE(buckets.peek(name, limit, 1, kStart + seconds(9)).admitted);
  EXPECT_TRUE(buckets.peek(name, limit, 1, kStart + seconds(10)).admitted);
  EXPECT_FALSE(buckets.take(name, limit, 1, kStart + seconds(9)).admitted);
}

TEST(RateBuckets, KeepsNamesApart) {
  RateBuckets buckets;
  const RateLimit limit{1, 10, {}};
  EXPECT_TRUE(buckets.take(BucketName("a:1"), limit, 1, kStart).admitted);
  EXPECT_TRUE(buckets.take(BucketName("a:2"), limit, 1, kStart).admitted);
  EXPECT_FALSE(buckets.take(BucketName("a:1"), limit, 1, kStart).admitted);
}

TEST(RateBuckets, StaysWithinItsBound) {
  RateBuckets buckets(640);
  const RateLimit limit{1, 1000, {}};
  for (int i = 0; i < 20'000; ++i) {
    buckets.take(BucketName("n" + std::to_string(i)), limit, 1, kStart + milliseconds(i));
  }
  EXPECT_LE(buckets.size(), 640U);
  EXPECT_GT(buckets.size(), 500U);
  // The newest are still counted, the oldest begin anew.
  EXPECT_FALSE(buckets.take(BucketName("n19999"), limit, 1, kStart + seconds(30)).admitted);
  EXPECT_TRUE(buckets.take(BucketName("n0"), limit, 1, kStart + seconds(30)).admitted);
}

TEST(RateBuckets, ForgetsWindowsThatAreOverAsOthersCome) {
  RateBuckets buckets;
  for (int i = 0; i < 10'000; ++i) {
    buckets.take(BucketName("n" + std::to_string(i)), {1, 1, {}}, 1, kStart);
  }
  for (int i = 0; i < 10'000; ++i) {
    buckets.take(BucketName("m" + std::to_string(i)), {1, 1, {}}, 1, kStart + seconds(2));
  }
  EXPECT_LT(buckets.size(), 10'500U);
}

/// Four workers share buckets; each window admits exactly the rate.
TEST(RateBuckets, AdmitsExactlyTheRateFromSeveralThreads) {
  RateBuckets buckets;
  constexpr int kThreads = 4;
  constexpr int kRate = 500;
  constexpr int kWindows = 20;
  const BucketName shared("shared");
  for (int window = 0; window < kWindows; ++window) {
    const Clock::time_point now = kStart + seconds(window * 10);
    std::atomic<int> count{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const BucketName own("own" + std::to_string(t));
        for (int i = 0; i < kRate; ++i) {
          const auto at = now + milliseconds(i);
          if (buckets.take(shared, {kRate, 10, {}}, 1, at).admitted) ++count;
          buckets.take(own, {kRate, 10, {}}, 1, at);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(count.load(), kRate);
  }
}

/// Four threads ask far more often than the rate allows, on one clock that each call moves on.
TEST(RateBuckets, KeepsItsRateUnderLoad) {
  RateBuckets buckets;
  const BucketName name("load");
  const RateLimit limit{400, 0.05, {}};
  constexpr std::int64_t kCalls = 200'000;
  constexpr auto kTick = std::chrono::microseconds(10);
  std::atomic<std::int64_t> calls{0};
  std::atomic<std::int64_t> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::int64_t call = calls++; call < kCalls; call = calls++) {
        if (buckets.take(name, limit, 1, kStart + call * kTick).admitted) ++admitted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double wanted =
      limit.rate * std::chrono::duration<double>(kCalls * kTick).count() / limit.per;
  EXPECT_NEAR(static_cast<double>(admitted.load()), wanted, wanted * 0.02);
}

}  // namespace
}  // namespace tykpp::session
