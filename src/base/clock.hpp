#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

namespace tykpp {

/// Monotonic time for deadlines and latency. One read a phase, not one a field.
using Clock = std::chrono::steady_clock;

/// Wall clock in seconds since the epoch.
std::int64_t unixSeconds() noexcept;
/// The `Date` header value of this second (RFC 9110 section 5.6.7), kept per thread. View: until
/// this thread asks again.
std::string_view httpDate() noexcept;
/// Local time as RFC 3339 without fraction, for health answers. View into the caller's buffer.
std::string_view rfc3339Now(char (&buffer)[40]) noexcept;

}  // namespace tykpp
