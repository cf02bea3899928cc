#pragma once
// Counts requests against a rate by the configured algorithm: in memory, at once, or in the store,
// awaited. What is counted where is limits.hpp's; docs/storage.md has the store's keys.

#include <chrono>
#include <cstdint>

#include "session/keyring.hpp"
#include "session/limits.hpp"
#include "session/rate_rule.hpp"

namespace tykpp::session {

/// What a limiter says about one request.
struct RateAnswer {
  bool admitted = true;
  std::int64_t remaining = 0;
  std::chrono::nanoseconds left{0};  ///< until the window ends, or a place becomes free
  SmoothingStep smoothing;           ///< whether this request moved the allowance
};

/// Thread: any worker; it does not change.
class RateLimiter {
 public:
  /// @param keyrings  outlives it
  explicit RateLimiter(Keyrings& keyrings) noexcept;

  /// Who counts this limit now: it depends on how many gateways share it.
  Limiter limiterFor(const RateLimit& limit) const noexcept;

  // kBucket: neither waits nor allocates once the bucket is known.

  RateAnswer take(const RateRule& rule, Clock::time_point now) const;
  /// What take() would answer, counting nothing.
  RateAnswer peek(const RateRule& rule, Clock::time_point now) const;

  // Any limiter but kNone. The rule must live until the task is over. Errors: the store's.

  storage::StoreTask<RateAnswer> count(Keyring& keyring, Limiter limiter,
                                       const RateRule& rule) const;
  /// What count() would answer, counting nothing; without numbers.
  storage::StoreTask<RateAnswer> look(Keyring& keyring, Limiter limiter,
                                      const RateRule& rule) const;

 private:
  storage::StoreTask<RateAnswer> slidingLog(Keyring& keyring, Limiter limiter,
                                            const RateRule& rule) const;
  storage::StoreTask<RateAnswer> sentinel(Keyring& keyring, const RateRule& rule) const;
  storage::StoreTask<RateAnswer> fixedWindow(Keyring& keyring, const RateRule& rule) const;
  storage::StoreTask<bool> logHasRoom(Keyring& keyring, const RateRule& rule) const;

  Keyrings& keyrings_;
  const definition::RateLimiterConfig& config_;
};

}  // namespace tykpp::session
