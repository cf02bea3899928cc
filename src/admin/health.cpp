#include "admin/health.hpp"

#include <utility>

#include "base/clock.hpp"

namespace tykpp::admin {

void HealthState::setRedis(std::string error) {
  char buffer[40];
  ProbedComponent probed{std::move(error), std::string(rfc3339Now(buffer))};
  const std::lock_guard lock(mutex_);
  connected_ = probed.error.empty();
  redis_ = std::move(probed);
}

void HealthState::setRedisConnected(bool connected) {
  const std::lock_guard lock(mutex_);
  connected_ = connected;
}

std::optional<ProbedComponent> HealthState::redis() const {
  const std::lock_guard lock(mutex_);
  return redis_;
}

bool HealthState::redisAvailable() const {
  const std::lock_guard lock(mutex_);
  return connected_;
}

}  // namespace tykpp::admin
