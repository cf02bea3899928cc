#pragma once
// Asks Redis at an interval whether it lives, on a thread of its own: `SET tyk-liveness-probe
// tyk-liveness-probe EX 10`. Enters: where Redis is; leaves: a call per check. Not made at all when
// no Redis is configured.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "storage/redis_address.hpp"

namespace tykpp::storage {

/// One finished check.
struct ProbeResult {
  bool first = false;  ///< the connection test at start; a real probe follows one interval later
  std::string error;   ///< empty: Redis answered as it should
};

/// Thread: `report` runs on the probe's own thread. Destruction interrupts a check that is under
/// way and joins; only a name look-up cannot be cut short.
class RedisProbe {
 public:
  /// @param interval  `liveness_check.check_duration`; below 100 ms it is 100 ms
  RedisProbe(RedisAddress address, std::chrono::nanoseconds interval,
             std::function<void(const ProbeResult&)> report);
  ~RedisProbe();
  RedisProbe(const RedisProbe&) = delete;
  RedisProbe& operator=(const RedisProbe&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tykpp::storage
