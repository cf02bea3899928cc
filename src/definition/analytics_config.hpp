#pragma once
// Stored traffic records in tyk.conf.

#include <cstdint>
#include <string>
#include <vector>

namespace tykpp::definition {

/// `analytics_config.normalise_urls`: what of a path is replaced before it is stored.
struct NormaliseUrls {
  bool enabled = false;
  bool normalise_uuids = false;
  bool normalise_ulids = false;
  bool normalise_numbers = false;
  std::vector<std::string> custom_patterns;  ///< RE2
};

/// `analytics_config`; counts with `enable_analytics`.
struct AnalyticsConfig {
  std::string type;                      ///< empty or anything but `rpc`: Redis
  std::vector<std::string> ignored_ips;  ///< client addresses as text
  bool enable_detailed_recording = false;
  NormaliseUrls normalise_urls;
  std::int64_t records_buffer_size = 1000;    ///< records that may wait, a worker
  std::int64_t storage_expiration_time = 60;  ///< seconds; below nought: for good
  bool enable_multiple_analytics_keys = false;
  std::string serializer_type;  ///< `protobuf`, else msgpack
  bool protobuf() const noexcept { return serializer_type == "protobuf"; }
  std::int64_t max_recorded_body = 1024 * 1024;  ///< ours: bytes of a body in a detailed record
};

}  // namespace tykpp::definition
