#pragma once
// What limiters ask a store and what it answers.

#include <chrono>
#include <cstdint>

namespace tykpp::storage {

/// Answer of one counted request against a quota.
struct QuotaStep {
  bool blocked = false;
  std::int64_t used = 0;       ///< the counter, this request included; blocked ones count as well
  std::int64_t remaining = 0;  ///< 0 when blocked
  std::chrono::milliseconds left{-1};  ///< until the counter ends; negative: it has no end
};

/// A quota counter as it stands.
struct QuotaCount {
  bool exists = false;
  std::int64_t used = 0;
  std::chrono::milliseconds left{-1};  ///< negative: without an end
};

/// Answer of the sliding log. The request was logged in any case, a blocked one too.
struct SlidingLogStep {
  std::int64_t before = 0;     ///< requests in the window before this one; at least the true number
                               ///< or the limit, whichever is smaller
  std::int64_t remaining = 0;  ///< max(limit - before - 1, 0)
  std::int64_t reference_ns = 0;  ///< time of the limit-th newest request, or now: a place becomes
                                  ///< free at reference + per
};

/// Answer of the fixed window.
struct FixedWindowStep {
  std::int64_t count = 0;            ///< requests in this window, this one included
  std::chrono::nanoseconds left{0};  ///< until the window ends
};

/// When the window that holds `now_ns` began, in unix nanoseconds. Windows are counted from the
/// first day of year 1, so they fall on unix multiples of `per` only when `per` divides that span.
constexpr std::int64_t fixedWindowStart(std::int64_t now_ns,
                                        std::chrono::nanoseconds per) noexcept {
  constexpr std::int64_t kSecondsBeforeUnix = 62'135'596'800;
  const std::int64_t length = per.count();
  if (length <= 0) return now_ns;
  constexpr std::int64_t kNano = 1'000'000'000;
  // The span in nanoseconds does not fit 64 bits: its remainder is taken in two factors.
  const auto offset =
      static_cast<std::int64_t>(static_cast<__int128>(kSecondsBeforeUnix) * kNano % length);
  const std::int64_t since = (now_ns % length + offset) % length;
  return now_ns - (since < 0 ? since + length : since);
}

}  // namespace tykpp::storage
