#include "drivers/lua/lua_driver.hpp"

#include "drivers/coprocess/message.hpp"
#include "drivers/lua/impl/event_function.hpp"
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

/// What the hooks of an API share.
Result<std::shared_ptr<ApiStates>> LuaDriver::statesOf(const definition::PluginRef& ref,
                                                       const definition::ApiSpec& api) {
  std::erase_if(runtime_->programs, [](const auto& entry) { return entry.second.expired(); });
  const std::string stamp = stampOf(ref, api, options_);
  if (auto known = runtime_->programs[stamp].lock(); known != nullptr) return known;
  auto made = tried(ref, api, options_, *runtime_);
  if (made) runtime_->programs[stamp] = *made;
  return made;
}

Result<std::shared_ptr<EventFunction>> LuaDriver::findEventFunction(
    const std::string& handler_name, const definition::ApiSpec& api) {
  if (!options_.enabled) {
    return Error(Errc::kBadPlugin,
                 "Lua plugins are off: coprocess_options.enable_coprocess is false");
  }
  definition::PluginRef ref;
  ref.driver = "lua";
  auto states = statesOf(ref, api);
  if (!states) return states.error();
  if (!(*states)->functions.contains(handler_name)) {
    return Error(Errc::kBadPlugin,
                 "the API's Lua files define no global function \"" + handler_name + "\"");
  }
  if (events_ == nullptr) events_ = std::make_shared<EventThread>(runtime_, options_.event_time);
  auto target = std::make_shared<EventTarget>(EventTarget{std::move(*states), handler_name});
  return std::shared_ptr<EventFunction>(
      std::make_shared<LuaEventFunction>(std::move(target), events_));
}

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
  auto loaded = statesOf(ref, api);
  if (!loaded) return loaded.error();
  std::shared_ptr<ApiStates> states = std::move(*loaded);
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
