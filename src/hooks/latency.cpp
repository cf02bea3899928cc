#include "hooks/latency.hpp"

#include <cmath>
#include <numeric>

namespace tykpp::hooks {

std::chrono::microseconds quantile(const LatencyBuckets& buckets, double share) noexcept {
  const std::uint64_t all = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  if (all == 0) return std::chrono::microseconds(0);
  const auto wanted = static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * share));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen >= wanted) return LatencyHistogram::boundOf(i);
  }
  return LatencyHistogram::boundOf(buckets.size() - 1);
}

}  // namespace tykpp::hooks
