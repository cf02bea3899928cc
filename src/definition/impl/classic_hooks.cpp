// The plugins of a Classic definition.

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {
namespace {

enum class HookKind : std::uint8_t { kRequest, kResponse, kAnalytics };

/// Longest time a plugin may be given.
constexpr std::int64_t kMaxTimeoutMs = 3'600'000;

/// The reference's runtimes besides its shared objects. Analytics hooks and `.so` files never run
/// in them, whatever the API's driver says.
bool isScriptDriver(std::string_view driver) {
  constexpr std::string_view kDrivers[] = {"",       "otto", "javascript", "goja",
                                           "python", "lua",  "grpc"};
  return std::find(std::begin(kDrivers), std::end(kDrivers), driver) != std::end(kDrivers);
}

std::string driverFor(std::string_view own, std::string_view common, HookKind kind,
                      std::string_view path) {
  if (!own.empty()) return std::string(own);
  const bool shared_object =
      kind == HookKind::kAnalytics || (kind == HookKind::kResponse && path.ends_with(".so"));
  if (shared_object && isScriptDriver(common)) return "goplugin";
  if (common.empty() && path.ends_with(".js")) return "otto";
  return std::string(common);
}

struct HookReader {
  const GatewayConfig& config;
  Report& report;
  std::string_view driver;  ///< of all hooks of the API

  PluginRef entry(const Json& value, HookKind kind, const std::string& pointer) const {
    const bool analytics = kind == HookKind::kAnalytics;
    PluginRef ref;
    ref.name = textOf(value, analytics ? "func_name" : "name");
    ref.path = textOf(value, analytics ? "plugin_path" : "path");
    ref.driver = driverFor(textOf(value, "driver"), driver, kind, ref.path);
    ref.require_session = flagOf(value, "require_session");
    ref.raw_body_only = flagOf(value, "raw_body_only");
    ref.timeout = config.plugin_timeout;
    ref.on_error = config.plugin_on_error == "skip" ? OnPluginError::kSkip : OnPluginError::kFail;
    ref.pointer = pointer;
    if (const Json* timeout = member(value, "timeout_ms");
        timeout != nullptr && timeout->is_number_integer()) {
      const auto given = timeout->get<std::int64_t>();
      if (given < 1 || given > kMaxTimeoutMs) {
        report.error(pointer + "/timeout_ms",
                     "has to be 1 to " + std::to_string(kMaxTimeoutMs) + " milliseconds");
      } else {
        ref.timeout = std::chrono::milliseconds(given);
      }
    }
    if (const Json* on_error = member(value, "on_error");
        on_error != nullptr && on_error->is_string()) {
      const std::string_view given = textOf(value, "on_error");
      if (given != "fail" && given != "skip") {
        report.error(pointer + "/on_error",
                     "has to be \"fail\" or \"skip\", not \"" + std::string(given) + "\"");
      }
      ref.on_error = given == "skip" ? OnPluginError::kSkip : OnPluginError::kFail;
    }
    return ref;
  }

  std::vector<PluginRef> list(const Json& middleware, const char* name, HookKind kind) const {
    std::vector<PluginRef> hooks;
    const Json* entries = member(middleware, name);
    if (entries == nullptr || !entries->is_array()) return hooks;
    std::size_t index = 0;
    for (const Json& value : *entries) {
      const std::string pointer = pointerTo(pointerTo("/custom_middleware", name), index++);
      if (flagOf(value, "disabled") || textOf(value, "name").empty()) continue;
      hooks.push_back(entry(value, kind, pointer));
    }
    return hooks;
  }
};

}  // namespace

void readHooks(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  static const Json kEmpty = Json::object();
  const Json* found = member(document, "custom_middleware");
  const Json& middleware = found != nullptr && found->is_object() ? *found : kEmpty;
  const HookReader reader{config, report, textOf(middleware, "driver")};
  spec.hooks.pre = reader.list(middleware, "pre", HookKind::kRequest);
  spec.hooks.post = reader.list(middleware, "post", HookKind::kRequest);
  spec.hooks.response = reader.list(middleware, "response", HookKind::kResponse);
  if (!spec.use_keyless) {
    spec.hooks.post_auth = reader.list(middleware, "post_key_auth", HookKind::kRequest);
    const Json* check = member(middleware, "auth_check");
    const bool usable =
        check != nullptr && !flagOf(*check, "disabled") && !textOf(*check, "name").empty();
    if (spec.custom_auth && usable) {
      spec.hooks.auth = reader.entry(*check, HookKind::kRequest, "/custom_middleware/auth_check");
    } else if (spec.custom_auth) {
      // Served without the check, the API would be open to everybody.
      report.error("/custom_middleware/auth_check",
                   "authentication by a plugin is switched on, but auth_check names no function or "
                   "is disabled");
    }
  }
  const Json* analytics = member(document, "analytics_plugin");
  if (analytics != nullptr && flagOf(*analytics, "enable") &&
      !textOf(*analytics, "func_name").empty()) {
    spec.hooks.analytics = reader.entry(*analytics, HookKind::kAnalytics, "/analytics_plugin");
  }
}

}  // namespace tykpp::definition
