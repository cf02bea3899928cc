#pragma once
// Lua plugins on LuaJIT (driver `lua`): functions of the reference's Lua ABI, and functions without
// parameters that use the `tykpp` table. One Lua state a worker and API, made when a worker first
// calls a hook of the API; calls run on fibers with a Lua thread each, so that a call that waits
// for an HTTP answer holds up nobody. What a call assigns to globals is gone when it ends.

#include <chrono>
#include <memory>
#include <string>

#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::lua {

class ApiStates;
class EventThread;
class Runtime;

struct LuaOptions {
  bool enabled = true;  ///< `coprocess_options.enable_coprocess`
  std::string
      working_directory;  ///< `middleware/lua` below it is for APIs whose hooks name no file
  std::size_t memory_limit = 64U << 20;        ///< bytes of a state, `plugin_memory_limit`
  std::chrono::milliseconds load_time{5000};   ///< what running an API's files may take
  std::chrono::milliseconds event_time{2000};  ///< `plugin_timeout_ms`: for one event
  bool ignore_canonical_header_names = false;  ///< `ignore_canonical_mime_header_key`
};

/// Thread: load() on the main thread; what it answers is shared by the workers.
class LuaDriver final : public PluginDriver {
 public:
  /// @param services  must outlive the driver
  LuaDriver(LuaOptions options, WorkerServices& services);
  ~LuaDriver() override;
  std::string_view name() const noexcept override { return "lua"; }
  /// Compiles every Lua file of the API and runs them once in a state that is thrown away.
  /// @error kBadPlugin  a file is missing or does not compile, its main part fails, or it defines
  /// no such function; also when Lua is switched off
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
  /// What requests get while the plugin cannot be loaded.
  Error brokenAnswer(Hook hook) const override;
  /// A global function of the API's files, called with the event and its spec.
  Result<std::shared_ptr<EventFunction>> findEventFunction(const std::string& handler_name,
                                                           const definition::ApiSpec& api) override;

 private:
  Result<std::shared_ptr<ApiStates>> statesOf(const definition::PluginRef& ref,
                                              const definition::ApiSpec& api);
  LuaOptions options_;
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<EventThread> events_;
};

}  // namespace tykpp::drivers::lua
