#include "gateway/limiter_beat.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "base/log.hpp"

namespace tykpp::gateway {
namespace {

/// `solo-` and a random UUID (RFC 9562 section 5.4).
std::string newNodeId() {
  std::random_device random;
  std::string digits;
  for (int i = 0; i < 4; ++i) digits += fmt::format("{:08x}", random());
  digits[12] = '4';
  digits[16] = "89ab"[random() % 4];
  return "solo-" + digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) +
         "-" + digits.substr(16, 4) + "-" + digits.substr(20);
}

std::string hostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

}  // namespace

bool LimiterBeat::wanted(const definition::GatewayConfig& config) noexcept {
  const definition::RateLimiterConfig& limiter = config.identity.limiter;
  return config.storage.type == "redis" && !config.plugins.management_node &&
         !config.identity.cluster.suppress_redis_signal_reload &&
         !limiter.enable_fixed_window_rate_limiter && !limiter.enable_sentinel_rate_limiter &&
         !limiter.enable_redis_rolling_limiter;
}

LimiterBeat::LimiterBeat(net::Loop& loop, const definition::GatewayConfig& config, Actions actions)
    : loop_(loop),
      pace_(std::max(config.identity.limiter.drl_notification_frequency, std::chrono::seconds(1))),
      actions_(std::move(actions)),
      nodes_(newNodeId(), hostName(), config.identity.cluster.node_tags),
      timer_(loop.io()) {
  beat();
}

void LimiterBeat::beat() {
  const std::uint64_t served = actions_.requests();
  const auto load = static_cast<std::int64_t>(served - served_) / pace_.count();
  served_ = served;
  actions_.tell(nodes_.announcement(load));
  count();
  timer_.expires_after(pace_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) beat();
  });
}

void LimiterBeat::heard(std::string_view payload) {
  nodes_.heard(payload, Clock::now());
  count();
}

void LimiterBeat::count() {
  const int nodes = nodes_.count(Clock::now());
  if (nodes == counted_) return;
  TYKPP_LOG(info, "rate", "gateways that share limits: {}", nodes);
  counted_ = nodes;
  actions_.counted(nodes);
}

}  // namespace tykpp::gateway
