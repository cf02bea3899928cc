#pragma once
// One configured hook: the loaded function, its budget, what happens when it fails, and a runtime
// and counters a worker. The steps of this room are thin coats over it.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "chain/step.hpp"
#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"
#include "hooks/latency.hpp"
#include "net/task.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::hooks {

/// How often things happened at one hook since its chain was built, all workers together.
struct HookCounts {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;     ///< failures, timeouts among them
  std::uint64_t timeouts = 0;   ///< deadlines that passed while the plugin was to complete
  std::uint64_t overruns = 0;   ///< synchronous calls that held their worker longer than the budget
  std::uint64_t responded = 0;  ///< answers that came from the plugin
  std::uint64_t skipped = 0;    ///< failures that `on_error: skip` passed over
  LatencyBuckets latency{};     ///< of calls that have ended, waiting included
};

/// Thread: any worker, several at once; each touches its own slot. Members are immutable otherwise.
class HookRunner {
 public:
  /// A function that a driver has loaded, or not.
  struct Function {
    Result<std::shared_ptr<const drivers::LoadedPlugin>> loaded;
    Error refusal;  ///< what calls get when it cannot run
  };

  /// Has `ref.driver` load the function and makes a slot for each worker.
  /// @error  whatever is wrong with the plugin, at the hook's place in the definition; with
  /// `build.broken` that goes there, and the hook is made all the same and refuses every call
  static Result<std::unique_ptr<HookRunner>> create(const chain::BuildContext& build,
                                                    const definition::PluginRef& ref,
                                                    drivers::Hook hook);
  /// The same over what a driver loaded for another place than the six hooks.
  /// @param hook   what the plugin is told it is
  /// @param place  what logs and pages call the place; static text
  static Result<std::unique_ptr<HookRunner>> create(const chain::BuildContext& build,
                                                    const definition::PluginRef& ref,
                                                    drivers::Hook hook, std::string_view place,
                                                    Function function);
  ~HookRunner();

  /// Calls the plugin. A failure is an error, or kContinue with `on_error: skip`; it is counted and
  /// logged here.
  Result<drivers::HookVerdict> call(http::Exchange& exchange,
                                    drivers::TrafficRecord* record = nullptr) const;
  /// Awaited after kPending.
  net::Task<Result<drivers::HookVerdict>> finish(http::Exchange& exchange,
                                                 drivers::TrafficRecord* record = nullptr) const;

  http::BodyNeed bodyNeed() const noexcept {
    return plugin_ != nullptr ? plugin_->bodyNeed() : http::BodyNeed::kStream;
  }
  /// The other process that calls go to, as drivers name it; empty when there is none.
  std::string_view server() const noexcept {
    return plugin_ != nullptr ? plugin_->server() : std::string_view{};
  }
  /// `pre:AddFooBar`, for logs and pages.
  std::string_view name() const noexcept { return label_; }
  const definition::PluginRef& ref() const noexcept { return ref_; }
  /// Which hook it is called at.
  drivers::Hook hook() const noexcept { return hook_; }
  /// The hook's name as pages show it.
  std::string_view place() const noexcept { return place_; }
  /// Why the plugin could not be loaded and every call is refused; empty when it was.
  const std::string& broken() const noexcept { return broken_; }
  /// Sums the workers' counters. Thread: any; each number is exact, the set may be torn by a
  /// request under way.
  HookCounts counts() const noexcept;

 private:
  struct Slot;
  HookRunner(const chain::BuildContext& build, const definition::PluginRef& ref, drivers::Hook hook,
             std::string_view place, Function function);
  Error refusalFor(const std::string& why) const;
  Result<drivers::HookVerdict> settle(Slot& slot, http::Exchange& exchange,
                                      Result<drivers::HookVerdict> verdict) const;
  void complain(Slot& slot, const http::Exchange& exchange, const Error& error) const;
  void complainOfOverrun(Slot& slot, const http::Exchange& exchange, Clock::duration taken) const;
  bool mayLog(Slot& slot) const;

  const definition::PluginRef ref_;
  const drivers::Hook hook_;
  const std::string_view place_;
  const std::string label_;
  const std::string api_id_;
  const std::shared_ptr<const drivers::LoadedPlugin> plugin_;  // null: broken
  const Error refusal_;
  std::string broken_;
  const events::Emitter* const events_;
  const definition::CredentialSource key_source_;
  const std::unique_ptr<Slot[]> slots_;
  const std::uint32_t slot_count_;
};

}  // namespace tykpp::hooks
