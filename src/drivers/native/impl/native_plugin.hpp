#pragma once
// A function of a plugin file, bound to an API's hook, and its calls on one worker.

#include <memory>
#include <unordered_map>

#include "drivers/native/impl/call_host.hpp"
#include "drivers/native/impl/shared_object.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::native {

/// What a plugin's number means. An answer in place ends the chain whether or not the plugin says
/// so.
Result<HookVerdict> verdictOf(std::int32_t answer, const tykpp_call_host& call);

class NativeLoaded final : public LoadedPlugin {
 public:
  NativeLoaded(std::shared_ptr<const SharedObject> object, tykpp_function_plugin function,
               FunctionFacts facts)
      : object_(std::move(object)),
        function_(function),
        facts_(std::make_shared<const FunctionFacts>(std::move(facts))) {}
  http::BodyNeed bodyNeed() const noexcept override {
    return facts_->reads_body ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
  }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  std::shared_ptr<const SharedObject> object_;
  tykpp_function_plugin function_;
  std::shared_ptr<const FunctionFacts> facts_;
};

class NativeBound final : public BoundPlugin {
 public:
  NativeBound(tykpp_function_plugin function, std::shared_ptr<const FunctionFacts> facts)
      : function_(function), facts_(std::move(facts)) {}
  /// Allocates nothing unless the hook defers.
  Result<HookVerdict> call(HookCall& call) override;
  net::Task<Result<HookVerdict>> finish(HookCall& call) override;

 private:
  Result<HookVerdict> endInside(HookCall& call, std::int32_t answer);
  std::int32_t run(tykpp_call_host& host) noexcept;

  tykpp_function_plugin function_;
  std::shared_ptr<const FunctionFacts> facts_;
  std::shared_ptr<tykpp_call_host> spare_;  // used again and again, until a hook defers with it
  // Between call() and finish() of a deferred hook.
  std::unordered_map<const http::Exchange*, std::shared_ptr<tykpp_call_host>> waiting_;
};

}  // namespace tykpp::drivers::native
