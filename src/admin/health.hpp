#pragma once
// What `/hello` and `/ready` tell about the neighbours. Written by probes, read by the admin API.
// Thread: any.

#include <mutex>
#include <optional>
#include <string>

namespace tykpp::admin {

/// The last answer of a probed component.
struct ProbedComponent {
  std::string error;  ///< empty: it answered
  std::string time;   ///< RFC 3339, local
};

/// The last known state of each neighbour. A gateway without Redis leaves it untouched: everything
/// passes.
class HealthState {
 public:
  /// A probe finished. @param error  empty on success
  void setRedis(std::string error);
  /// The connection test before the first probe; shows in `/ready` alone.
  void setRedisConnected(bool connected);
  /// Nothing until the first probe.
  std::optional<ProbedComponent> redis() const;
  /// False when the last word on Redis was a failure. True while nothing is known or no Redis is
  /// configured.
  bool redisAvailable() const;

 private:
  mutable std::mutex mutex_;
  std::optional<ProbedComponent> redis_;
  bool connected_ = true;
};

}  // namespace tykpp::admin
