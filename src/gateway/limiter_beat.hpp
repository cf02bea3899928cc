#pragma once
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "definition/gateway_config.hpp"
#include "net/loop.hpp"
#include "session/limiter_nodes.hpp"

namespace tykpp::gateway {

/// Tells other gateways every `drl_notification_frequency` that this one shares their limits, and
/// counts those that say the same. Thread: main.
class LimiterBeat {
 public:
  struct Actions {
    std::function<void(std::string_view payload)> tell;
    std::function<void(int nodes)> counted;
    std::function<std::uint64_t()> requests;  ///< served since the start
  };
  /// Whether this configuration needs to know the others: they are on one store and no limiter
  /// counts there anyway.
  static bool wanted(const definition::GatewayConfig& config) noexcept;

  LimiterBeat(net::Loop& loop, const definition::GatewayConfig& config, Actions actions);
  void heard(std::string_view payload);

 private:
  void beat();
  void count();
  net::Loop& loop_;
  std::chrono::seconds pace_;
  Actions actions_;
  session::LimiterNodes nodes_;
  boost::asio::steady_timer timer_;
  std::uint64_t served_ = 0;
  int counted_ = 1;
};

}  // namespace tykpp::gateway
