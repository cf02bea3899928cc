#pragma once
// Events and their handlers as definitions and the configuration name them
// (spec/middleware.md section 12). Immutable after loading.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tykpp::definition {

/// Events that parts of the gateway fire. kCustom: any other name, fired by plugins.
enum class EventType : std::uint8_t {
  kAuthFailure,
  kKeyExpired,
  kQuotaExceeded,
  kRateLimitExceeded,
  kRateLimitSmoothingUp,
  kRateLimitSmoothingDown,
  kOrgQuotaExceeded,
  kOrgRateLimitExceeded,
  kVersionFailure,
  kTriggerExceeded,
  kBreakerTriggered,
  kBreakerTripped,
  kBreakerReset,
  kHostDown,
  kHostUp,
  kTokenCreated,
  kTokenUpdated,
  kTokenDeleted,
  kCertificateExpiringSoon,
  kCertificateExpired,
  kCustom,
};

/// The name that definitions and messages have; `Custom` for kCustom.
std::string_view eventName(EventType type) noexcept;
/// The event of that name; kCustom for every other name.
EventType eventType(std::string_view name) noexcept;
/// Whether any part of this release fires it. Who builds such a part sets it in event_types.cpp.
bool isFired(EventType type) noexcept;

enum class EventHandlerKind : std::uint8_t {
  kLog,      ///< `eh_log_handler`
  kWebHook,  ///< `eh_web_hook_handler`
  kScript,   ///< `eh_dynamic_handler`: JavaScript
  kPlugin,   ///< `cp_dynamic_handler`: a function of the API's plugin driver
};

/// One handler of one event; disabled ones are dropped.
struct EventHandler {
  std::string event;  ///< its name
  EventHandlerKind kind = EventHandlerKind::kLog;
  std::string name;            ///< kScript: the object, kPlugin: the function, kWebHook: for people
  std::string prefix;          ///< kLog: begins the line
  std::string method = "GET";  ///< kWebHook
  std::string target;          ///< kWebHook: absolute URL, http or https
  std::string template_file;   ///< kWebHook: absolute; empty: the default body
  std::vector<std::pair<std::string, std::string>> headers;  ///< kWebHook
  std::chrono::seconds cooldown{0};  ///< kWebHook: `event_timeout`; 0: for good
  std::string script;                ///< kScript: the file, absolute
  std::string pointer;               ///< where it stands
};

/// Where a client's credential is looked for: `auth_configs.<method>`.
struct CredentialSource {
  std::string header = "Authorization";  ///< empty: not in a header
  std::string param{};                   ///< query parameter; empty: in none
  std::string cookie{};                  ///< empty: in none
};

}  // namespace tykpp::definition
