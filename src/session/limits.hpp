#pragma once
// Which limit a request counts against, under which name, by which algorithm, and what the client
// is told. Pure computation: counting is RateBuckets' and the store's.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "definition/identity_config.hpp"
#include "session/access_definition.hpp"
#include "session/session_data.hpp"

namespace tykpp::session {

/// An algorithm that counts requests.
enum class Limiter : std::uint8_t {
  kNone,         ///< the rate is unlimited
  kBucket,       ///< in memory: RateBuckets
  kSlidingLog,   ///< every request in a sorted set of the store
  kSentinel,     ///< the log, kept beside the decision, which asks for a mark
  kFixedWindow,  ///< one counter a window in the store
};

/// @param nodes  gateways that share the limits, this one included
Limiter chooseLimiter(const definition::RateLimiterConfig& config, const RateLimit& limit,
                      int nodes) noexcept;
/// Requests that the sliding log may hold before one is refused: it is blocked when the count
/// before it is above this.
double slidingLogBound(const definition::RateLimiterConfig& config, double allowance) noexcept;
/// Whether the allowance of this limit moves: switched on, valid, and counted by a limiter that
/// can.
bool smooths(const definition::RateLimiterConfig& config, const RateLimit& limit,
             Limiter limiter) noexcept;

/// The pieces with `-` between them; dashes at their ends and empty pieces are left out.
std::string joinName(std::initializer_list<std::string_view> pieces);
/// The store's key of a rate counter.
/// @param key       the session's name in the store, or the text of a custom pattern
/// @param endpoint  hash of a limited endpoint, or empty
std::string rateLimitName(std::string_view scope, std::string_view key,
                          std::string_view endpoint = {});
/// The store's key of a quota counter.
std::string quotaName(std::string_view scope, std::string_view key);
/// `key` for rateLimitName() of an API's own limit.
/// @param endpoint  hash of a limited endpoint, or empty
std::string apiLimiterKey(std::string_view org_id, std::string_view api_id,
                          std::string_view endpoint = {});
/// `METHOD:path`, whose hash names an endpoint in counters.
std::string endpointId(std::string_view method, std::string_view path);
/// Keys to delete when a session's limits are reset.
std::vector<std::string> countersToReset(const SessionData& session, std::string_view key);

/// Values of `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
struct RateHeaders {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t reset = 0;  ///< unix seconds
  bool operator==(const RateHeaders&) const = default;
};

/// Mode `quotas`. @param session  null: the request has none
RateHeaders quotaHeaders(const SessionData* session, std::string_view api_id) noexcept;
/// Mode `rate_limits`. @param reset  unix seconds of the window's end
RateHeaders rateHeaders(const RateLimit& limit, std::int64_t remaining,
                        std::int64_t reset) noexcept;

/// How often and after which pauses a refused request is tried again.
struct Throttle {
  double interval = 0;       ///< seconds
  std::int64_t retries = 0;  ///< 0: not at all
  bool operator==(const Throttle&) const = default;
};
/// Off unless both numbers are above nought.
Throttle throttleOf(const ApiLimit& limit) noexcept;

/// The next allowance of a smoothed limit.
struct SmoothingStep {
  enum class Change : std::uint8_t { kNone, kUp, kDown };
  double allowance = 0;
  Change change = Change::kNone;
  bool operator==(const SmoothingStep&) const = default;
};
/// One look at a smoothed limit; at most one a `delay`.
/// @param allowance  now; `smoothing.threshold` when nothing is stored
/// @param count      requests in the window
SmoothingStep smoothingStep(const RateSmoothing& smoothing, double rate, double allowance,
                            double count) noexcept;

}  // namespace tykpp::session
