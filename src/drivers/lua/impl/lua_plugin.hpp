#pragma once
// A function that was found at load, and the same function on a worker.

#include <memory>

#include "drivers/coprocess/message.hpp"
#include "drivers/lua/impl/program.hpp"
#include "drivers/script/script_call.hpp"

namespace tykpp::drivers::lua {

class LuaLoaded final : public LoadedPlugin {
 public:
  LuaLoaded(std::shared_ptr<Runtime> runtime, std::shared_ptr<ApiStates> states,
            coprocess::Facts facts, bool reads_body)
      : runtime_(std::move(runtime)),
        states_(std::move(states)),
        facts_(std::make_shared<const coprocess::Facts>(std::move(facts))),
        reads_body_(reads_body) {}
  http::BodyNeed bodyNeed() const noexcept override {
    return reads_body_ ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
  }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<ApiStates> states_;
  std::shared_ptr<const coprocess::Facts> facts_;
  bool reads_body_;
};

class LuaBound final : public script::ScriptPlugin {
 public:
  LuaBound(std::shared_ptr<Runtime> runtime, std::shared_ptr<ApiStates> states,
           std::shared_ptr<const coprocess::Facts> facts, std::uint32_t worker_index,
           Runtime::Worker& worker)
      : ScriptPlugin(runtime->services, worker_index, worker.stacks),
        runtime_(std::move(runtime)),
        states_(std::move(states)),
        facts_(std::move(facts)),
        watched_(worker.watched) {}
  /// Makes the worker's state when no hook of the API has yet, and finds the function.
  Result<void> open();

 protected:
  Result<HookVerdict> run(script::ScriptCall& call) override;
  Error timeoutError(Hook hook) const override;

 private:
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<ApiStates> states_;
  std::shared_ptr<const coprocess::Facts> facts_;
  Watched& watched_;
  std::shared_ptr<State> state_;
  Function function_;
};

}  // namespace tykpp::drivers::lua
