#pragma once
// Which gateways share their limits: they tell each other every few seconds, and who is silent for
// longer has left. Enters: messages; leaves: how many there are.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace tykpp::session {

/// Thread: any one.
class LimiterNodes {
 public:
  /// @param id    this gateway's
  /// @param tags  of its group; gateways of other groups do not count. Source: `node_tags`
  LimiterNodes(std::string id, std::string host, const std::vector<std::string>& tags);

  /// What this gateway tells the others. @param load  requests a second
  std::string announcement(std::int64_t load) const;
  /// Somebody's announcement, this gateway's own included; what is none is passed over.
  void heard(std::string_view payload, Clock::time_point now);
  /// Gateways heard of lately; at least one.
  int count(Clock::time_point now);

 private:
  static constexpr std::chrono::seconds kSilence{4};
  static constexpr std::size_t kMost = 10'000;

  std::string id_;
  std::string host_;
  std::string tags_;
  std::map<std::string, Clock::time_point, std::less<>> last_heard_;
};

}  // namespace tykpp::session
