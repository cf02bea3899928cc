#pragma once
// Settings of keys, sessions, policies and limits in tyk.conf. Names follow the JSON keys; member
// initialisers are the effective defaults.

#include <chrono>
#include <cstdint>
#include <string>

namespace tykpp::definition {

/// `policies`; paths are absolute after loading.
struct PolicyConfig {
  std::string policy_path;         ///< directory with one policy a file
  std::string policy_record_name;  ///< one file with all, used when there is no directory
};

/// How long sessions live in the store and in the process.
struct SessionConfig {
  bool force_global_session_lifetime = false;
  std::int64_t global_session_lifetime = 0;  ///< seconds
  bool session_lifetime_respects_key_expiration = false;
  bool disable_cached_session_state = false;  ///< `local_session_cache.…`
};

/// Which limiter counts, and what clients are told. The first of the enable switches that is set
/// wins, in this order; none: in memory, or the sliding log for low rates on several nodes.
struct RateLimiterConfig {
  bool enable_fixed_window_rate_limiter = false;
  bool enable_sentinel_rate_limiter = false;
  bool enable_redis_rolling_limiter = false;
  bool enable_rate_limit_smoothing = false;
  bool enable_non_transactional_rate_limiter = false;
  std::chrono::seconds drl_notification_frequency{2};
  double drl_threshold = 5;  ///< requests a second and node
  bool drl_enable_sentinel_rate_limiter = false;
  std::string rate_limit_response_headers = "quotas";  ///< or `rate_limits`
};

}  // namespace tykpp::definition
