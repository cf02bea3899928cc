#include "drivers/lua/lua_driver.hpp"

#include "drivers/coprocess/message.hpp"
#include "drivers/lua/impl/lua_plugin.hpp"

namespace tykpp::drivers::lua {
namespace {

/// The watchdog's name for the main thread, where files are tried.
constexpr std::uint32_t kMainThread = 0xffffffff;

Result<std::shared_ptr<ApiStates>> tried(const definition::PluginRef& ref,
                                         const definition::ApiSpec& api, const LuaOptions& options,
                                         Runtime& runtime) {
  auto program = compile(ref, api, options);
  if (!program) return program.error();
  auto states = std::make_shared<ApiStates>(std::move(*program));
  auto trial = State::create(states->program, runtime.worker(kMainThread).watched);
  if (!trial) return trial.error();
  states->functions = (*trial)->functions();
  return states;
}

}  // namespace

LuaDriver::LuaDriver(LuaOptions options, WorkerServices& services)
    : options_(std::move(options)), runtime_(std::make_shared<Runtime>(services)) {}

LuaDriver::~LuaDriver() = default;

Result<std::shared_ptr<const LoadedPlugin>> LuaDriver::load(const definition::PluginRef& ref,
                                                            Hook hook,
                                                            const definition::ApiSpec& api) {
  if (!options_.enabled) {
    return Error(Errc::kBadPlugin,
                 "the hook is written in Lua, but coprocess_options.enable_coprocess is false");
  }
  if (hook == Hook::kAnalytics) {
    return Error(Errc::kBadPlugin, "the analytics hook cannot be written in Lua");
  }
  std::erase_if(runtime_->programs, [](const auto& entry) { return entry.second.expired(); });
  const std::string stamp = stampOf(ref, api, options_);
  std::shared_ptr<ApiStates> states = runtime_->programs[stamp].lock();
  if (states == nullptr) {
    auto made = tried(ref, api, options_, *runtime_);
    if (!made) return made.error();
    states = std::move(*made);
    runtime_->programs[stamp] = states;
  }
  const auto found = states->functions.find(ref.name);
  if (found == states->functions.end()) {
    return Error(Errc::kBadPlugin,
                 "the API's Lua files define no global function \"" + ref.name + "\"");
  }
  return std::shared_ptr<const LoadedPlugin>(std::make_shared<LuaLoaded>(
      runtime_, std::move(states),
      coprocess::Facts::of(ref, api, options_.ignore_canonical_header_names),
      !found->second.no_body));
}

Error LuaDriver::brokenAnswer(Hook hook) const {
  return coprocess::failure(hook, "the Lua plugin is not loaded");
}

}  // namespace tykpp::drivers::lua
