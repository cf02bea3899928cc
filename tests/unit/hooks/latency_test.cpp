#include "hooks/latency.hpp"

#include <gtest/gtest.h>

namespace tykpp::hooks {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, PutsATimeBelowTheBoundOfItsBucket) {
  for (const auto taken : {1us, 2us, 3us, 5us, 99us, 1000us, 123456us, 30000000us}) {
    const std::size_t bucket = LatencyHistogram::bucketOf(taken);
    EXPECT_LE(taken, LatencyHistogram::boundOf(bucket)) << taken.count();
    // Two buckets an octave: the bound is at most half as much again.
    EXPECT_LE(LatencyHistogram::boundOf(bucket), taken + taken / 2 + 1us) << taken.count();
  }
  EXPECT_EQ(LatencyHistogram::bucketOf(500ns), 0U);
  EXPECT_EQ(LatencyHistogram::bucketOf(std::chrono::hours(1)), LatencyBuckets{}.size() - 1);
}

TEST(LatencyHistogram, GivesQuantilesOfSeveralTogether) {
  LatencyHistogram fast;
  LatencyHistogram slow;
  for (int i = 0; i < 98; ++i) fast.record(10us);
  slow.record(5ms);
  slow.record(40ms);
  LatencyBuckets sum{};
  EXPECT_EQ(quantile(sum, 0.99).count(), 0);
  fast.addTo(sum);
  slow.addTo(sum);
  EXPECT_GE(quantile(sum, 0.5), 10us);
  EXPECT_LE(quantile(sum, 0.5), 16us);
  EXPECT_GE(quantile(sum, 0.99), 5ms);
  EXPECT_LE(quantile(sum, 0.99), 8ms);
  EXPECT_GE(quantile(sum, 1), 40ms);
}

}  // namespace
}  // namespace tykpp::hooks
