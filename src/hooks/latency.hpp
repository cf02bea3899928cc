#pragma once
// How long something takes, as a histogram: two buckets an octave from a microsecond to a minute.

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

namespace tykpp::hooks {

/// Counts of many histograms together.
using LatencyBuckets = std::array<std::uint64_t, 54>;

/// Written by one thread, read by any.
class LatencyHistogram {
 public:
  void record(std::chrono::nanoseconds taken) noexcept {
    std::atomic<std::uint64_t>& count = counts_[bucketOf(taken)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void addTo(LatencyBuckets& sum) const noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += counts_[i].load(std::memory_order_relaxed);
    }
  }

  static std::size_t bucketOf(std::chrono::nanoseconds taken) noexcept {
    const std::int64_t count = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
    if (count <= 0) return 0;
    const auto us = static_cast<std::uint64_t>(count);
    const auto octave = static_cast<std::size_t>(std::bit_width(us)) - 1;
    const std::size_t upper_half = octave > 0 && (us >> (octave - 1) & 1) != 0 ? 1 : 0;
    return std::min(1 + 2 * octave + upper_half, LatencyBuckets{}.size() - 1);
  }
  /// The upper bound of a bucket.
  static std::chrono::microseconds boundOf(std::size_t bucket) noexcept {
    if (bucket == 0) return std::chrono::microseconds(1);
    const std::size_t octave = (bucket - 1) / 2;
    const std::uint64_t low = std::uint64_t{1} << octave;
    const std::uint64_t bound = (bucket - 1) % 2 == 0 ? low + (low + 1) / 2 : 2 * low;
    return std::chrono::microseconds(static_cast<std::int64_t>(bound));
  }

 private:
  std::array<std::atomic<std::uint64_t>, LatencyBuckets{}.size()> counts_{};
};

/// The time that this share of the calls did not exceed, to the width of a bucket; 0 without calls.
std::chrono::microseconds quantile(const LatencyBuckets& buckets, double share) noexcept;

}  // namespace tykpp::hooks
