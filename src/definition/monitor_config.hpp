#pragma once
// What tyk.conf says of those who watch quotas and certificates. Member initialisers are the
// effective defaults.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace tykpp::definition {

/// `monitor.…`: events when a part of a quota is used up.
struct QuotaMonitorConfig {
  bool enabled = false;             ///< `enable_trigger_monitors`
  bool user_keys = false;           ///< `monitor_user_keys`
  bool org_keys = false;            ///< `monitor_org_keys`
  double global_trigger_limit = 0;  ///< percent of the quota; 0 and below: none
  // `configuration.…`: a web hook beside the handlers of the event.
  std::string method;
  std::string target_path;  ///< empty: no web hook
  std::string template_path;
  std::map<std::string, std::string> header_map;
  std::int64_t event_timeout = 0;  ///< seconds in which the same request is not made again
};

/// `security.certificate_expiry_monitor.…`
struct CertificateMonitorConfig {
  std::chrono::hours warning_threshold{30 * 24};  ///< `warning_threshold_days`
  std::chrono::seconds check_cooldown{3600};
  std::chrono::seconds event_cooldown{86400};
};

}  // namespace tykpp::definition
