#include "drivers/registry.hpp"

#include "drivers/grpc/grpc_driver.hpp"
#include "drivers/js/js_driver.hpp"
#include "drivers/lua/lua_driver.hpp"
#include "drivers/native/native_driver.hpp"
#include "drivers/python/python_driver.hpp"

namespace tykpp::drivers {
namespace {

class Registry final : public DriverRegistry {
 public:
  explicit Registry(std::vector<DriverEntry> entries) : entries_(std::move(entries)) {}

  PluginDriver* find(std::string_view name) const noexcept override {
    for (const DriverEntry& entry : entries_) {
      for (const std::string& known : entry.names) {
        if (known == name) return entry.driver.get();
      }
    }
    return nullptr;
  }

  std::vector<std::string_view> names() const override {
    std::vector<std::string_view> all;
    for (const DriverEntry& entry : entries_) {
      all.insert(all.end(), entry.names.begin(), entry.names.end());
    }
    return all;
  }

 private:
  std::vector<DriverEntry> entries_;
};

}  // namespace

std::unique_ptr<DriverRegistry> makeRegistry(std::vector<DriverEntry> entries) {
  return std::make_unique<Registry>(std::move(entries));
}

std::unique_ptr<DriverRegistry> makeRegistry(const definition::GatewayConfig& config,
                                             WorkerServices& services, KeyAccess* keys) {
  std::vector<DriverEntry> entries;
  // `goplugin` names a shared object too: definitions keep their driver when the plugin is built
  // for tykpp.
  entries.push_back(
      {{"native", "goplugin"},
       std::make_unique<native::NativeDriver>(native::NativeOptions::of(config), services)});
  lua::LuaOptions lua_options;
  lua_options.enabled = config.plugins.enable_coprocess;
  lua_options.working_directory = config.working_directory;
  lua_options.memory_limit = static_cast<std::size_t>(config.plugins.plugin_memory_limit);
  lua_options.ignore_canonical_header_names = config.ignore_canonical_mime_header_key;
  lua_options.event_time = config.plugin_timeout;
  entries.push_back({{"lua"}, std::make_unique<lua::LuaDriver>(lua_options, services)});
  python::PythonOptions python_options = python::PythonOptions::of(config);
  python_options.trigger_event = [&services](std::string name, std::string payload) {
    services.triggerEvent(std::move(name), std::move(payload));
  };
  entries.push_back(
      {{"python"}, std::make_unique<python::PythonDriver>(std::move(python_options), services)});
  entries.push_back(
      {{"grpc"}, std::make_unique<grpc::GrpcDriver>(grpc::GrpcOptions::of(config), services)});
  js::JsOptions js_options = js::JsOptions::of(config);
  js_options.keys = keys;
  entries.push_back({{"otto"}, std::make_unique<js::JsDriver>(std::move(js_options), services)});
  entries.push_back({{"javascript", "goja"}, std::make_unique<js::NewerJsDriver>()});
  return makeRegistry(std::move(entries));
}

}  // namespace tykpp::drivers
