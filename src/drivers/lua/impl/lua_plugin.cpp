#include "drivers/lua/impl/lua_plugin.hpp"

#include "base/log.hpp"
#include "drivers/lua/impl/call.hpp"

namespace tykpp::drivers::lua {

Result<std::unique_ptr<BoundPlugin>> LuaLoaded::bind(std::uint32_t worker_index) const {
  auto bound = std::make_unique<LuaBound>(runtime_, states_, facts_, worker_index,
                                          runtime_->worker(worker_index));
  if (auto opened = bound->open(); !opened) return opened.error();
  return std::unique_ptr<BoundPlugin>(std::move(bound));
}

Result<void> LuaBound::open() {
  auto state = states_->of(worker(), watched_);
  if (!state) return state.error();
  auto function = (*state)->find(facts_->hook_name);
  if (!function) return function.error();
  state_ = std::move(*state);
  function_ = *function;
  return {};
}

Result<HookVerdict> LuaBound::run(script::ScriptCall& script) {
  if (state_->retired()) {
    // Its memory was used up by what plugins keep. Another hook may have made the next one.
    if (auto opened = open(); !opened) {
      return coprocess::failure(script.hook(), opened.error().message());
    }
  }
  const std::shared_ptr<State> state = state_;
  const Function function = function_;
  auto thread = state->takeThread();
  if (!thread) return coprocess::failure(script.hook(), thread.error().message());
  Call call(script, *state, *facts_, *thread);
  Result<HookVerdict> verdict = call.run(function);
  state->giveThread(*thread);
  if (call.outOfMemory() && !state->recover() && !state->retired()) {
    TYKPP_LOG(warn, "lua", "state dropped, its memory is used up api_id={} worker={}",
              log::quoted(facts_->api_id), worker());
    state->retire();
    states_->forget(worker());
  }
  return verdict;
}

Error LuaBound::timeoutError(Hook hook) const {
  return coprocess::failure(hook, "the hook did not end in time", Errc::kPluginTimeout);
}

}  // namespace tykpp::drivers::lua
