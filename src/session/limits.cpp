#include "session/limits.hpp"

#include <algorithm>

namespace tykpp::session {

Limiter chooseLimiter(const definition::RateLimiterConfig& config, const RateLimit& limit,
                      int nodes) noexcept {
  if (!limit.limited()) return Limiter::kNone;
  if (config.enable_fixed_window_rate_limiter) return Limiter::kFixedWindow;
  if (config.enable_sentinel_rate_limiter) return Limiter::kSentinel;
  if (config.enable_redis_rolling_limiter) return Limiter::kSlidingLog;
  // A rate so low that a node's part of it is a fraction has to be counted in one place.
  const double threshold = static_cast<double>(nodes) * config.drl_threshold;
  if (nodes <= 1 || threshold < limit.rate / limit.per) return Limiter::kBucket;
  return config.drl_enable_sentinel_rate_limiter ? Limiter::kSentinel : Limiter::kSlidingLog;
}

double slidingLogBound(const definition::RateLimiterConfig& config, double allowance) noexcept {
  const bool sentinel =
      config.enable_sentinel_rate_limiter || config.drl_enable_sentinel_rate_limiter;
  // The sentinel's log runs behind the decision, so one request more is under way.
  return allowance - (sentinel ? 2 : 1);
}

bool smooths(const definition::RateLimiterConfig& config, const RateLimit& limit,
             Limiter limiter) noexcept {
  return config.enable_rate_limit_smoothing && limit.smoothing && limit.smoothing->valid() &&
         (limiter == Limiter::kSlidingLog || limiter == Limiter::kSentinel);
}

std::string joinName(std::initializer_list<std::string_view> pieces) {
  std::string name;
  for (std::string_view piece : pieces) {
    while (piece.starts_with('-')) piece.remove_prefix(1);
    while (piece.ends_with('-')) piece.remove_suffix(1);
    if (piece.empty()) continue;
    if (!name.empty()) name += '-';
    name += piece;
  }
  return name;
}

std::string rateLimitName(std::string_view scope, std::string_view key, std::string_view endpoint) {
  return joinName({"rate-limit", scope, key, endpoint});
}

std::string quotaName(std::string_view scope, std::string_view key) {
  return joinName({"quota", scope, key});
}

std::string apiLimiterKey(std::string_view org_id, std::string_view api_id,
                          std::string_view endpoint) {
  const std::string api = std::string(org_id).append(api_id);
  return joinName({"apilimiter", api, endpoint});
}

std::string endpointId(std::string_view method, std::string_view path) {
  return std::string(method).append(":").append(path);
}

std::vector<std::string> countersToReset(const SessionData& session, std::string_view key) {
  std::vector<std::string> names = {rateLimitName({}, key) + ".BLOCKED", quotaName({}, key)};
  for (const auto& [api_id, right] : session.access_rights) {
    if (right.allowance_scope.empty()) continue;
    std::string name = quotaName(right.allowance_scope, key);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

RateHeaders quotaHeaders(const SessionData* session, std::string_view api_id) noexcept {
  if (session == nullptr) return {};
  const ApiLimit& limit = session->limitFor(api_id);
  return {limit.quota_max, limit.quota_remaining, limit.quota_renews};
}

RateHeaders rateHeaders(const RateLimit& limit, std::int64_t remaining,
                        std::int64_t reset) noexcept {
  return {static_cast<std::int64_t>(std::min(limit.rate, 9e18)),
          std::max<std::int64_t>(remaining, 0), reset};
}

Throttle throttleOf(const ApiLimit& limit) noexcept {
  if (limit.throttle_interval <= 0 || limit.throttle_retry_limit <= 0) return {};
  return {limit.throttle_interval, limit.throttle_retry_limit};
}

SmoothingStep smoothingStep(const RateSmoothing& smoothing, double rate, double allowance,
                            double count) noexcept {
  const auto step = static_cast<double>(smoothing.step);
  const double margin = smoothing.trigger * step;
  if (count >= allowance - margin) {
    const double grown = std::min(allowance + step, rate);
    if (grown > allowance) return {grown, SmoothingStep::Change::kUp};
  } else if (count <= allowance - step - margin) {
    const double shrunk = std::max(allowance - step, static_cast<double>(smoothing.threshold));
    if (shrunk < allowance) return {shrunk, SmoothingStep::Change::kDown};
  }
  return {allowance, SmoothingStep::Change::kNone};
}

}  // namespace tykpp::session
