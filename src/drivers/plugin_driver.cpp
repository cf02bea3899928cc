#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers {

std::string_view hookName(Hook hook) noexcept {
  switch (hook) {
    case Hook::kPre:
      return "pre";
    case Hook::kAuth:
      return "auth";
    case Hook::kPostAuth:
      return "post_auth";
    case Hook::kPost:
      return "post";
    case Hook::kResponse:
      return "response";
    case Hook::kAnalytics:
      return "analytics";
  }
  return "unknown";
}

Error PluginDriver::brokenAnswer(Hook /*hook*/) const {
  return Error(Errc::kBadPlugin, Side::kPlugin, 500, "Internal Server Error");
}

Result<std::shared_ptr<EventFunction>> PluginDriver::findEventFunction(
    const std::string& /*handler_name*/, const definition::ApiSpec& /*api*/) {
  return Error(Errc::kNotBuilt,
               "events do not reach plugins of the driver \"" + std::string(name()) + "\"");
}

std::vector<RemoteServer> PluginDriver::servers() const { return {}; }

net::Task<Result<HookVerdict>> BoundPlugin::finish(HookCall& /*call*/) {
  co_return Error(Errc::kPluginFailed, Side::kPlugin, 500, "Internal Server Error")
      .withDetail("the driver waits for a plugin but has no way to end the wait");
}

}  // namespace tykpp::drivers
