#pragma once
// Sums of times that callers give: nothing keeps those from being absurd.

#include <cstdint>
#include <limits>

namespace tykpp::session {

/// The sum, or the nearest number there is.
constexpr std::int64_t saturatingAdd(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

}  // namespace tykpp::session
