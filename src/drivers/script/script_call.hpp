#pragma once
// A hook call that runs a script on a fiber. The script's host functions may wait for something
// asynchronous (an HTTP call) while the worker serves others. JavaScript and Lua build their
// drivers on it.
//
//   class LuaBound : public ScriptPlugin { Result<HookVerdict> run(ScriptCall& call) override { … }
//   };
//
// Inside run(), and in every C function that the script calls from there, `ScriptCall::current()`
// is the call, and `call.fetch(…)` returns when the answer is there. Other calls of the same plugin
// and worker run meanwhile: the driver must keep what belongs to one call with that call. When the
// deadline passes or the client leaves while the script waits, fetch() returns an error at once and
// `cancelled()` is true from then on: the driver then ends the script as soon as it can and waits
// for nothing any more. Thread: the call's worker.

#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "drivers/plugin_driver.hpp"
#include "drivers/script/fiber.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::script {

class ScriptPlugin;

class ScriptCall : public std::enable_shared_from_this<ScriptCall> {
 public:
  ScriptCall(ScriptPlugin& plugin, const HookCall& call) : plugin_(plugin), call_(call) {}
  ScriptCall(const ScriptCall&) = delete;
  ScriptCall& operator=(const ScriptCall&) = delete;

  /// The call whose fiber this code runs on, or null.
  static ScriptCall* current() noexcept;

  Hook hook() const noexcept { return call_.hook; }
  /// Dead once cancelled(): the client may be gone with it.
  http::Exchange& exchange() const noexcept { return call_.exchange; }
  Clock::time_point deadline() const noexcept { return call_.deadline; }
  /// The time is up or the client has left: nothing the script still does counts.
  bool cancelled() const noexcept { return cancelled_; }
  /// True from the deadline on, or when cancelled(): what an engine's interrupt check asks.
  bool mustStop() const noexcept { return cancelled_ || Clock::now() >= call_.deadline; }

  /// Waits until the HTTP call has ended, at most until the deadline. @error kPluginTimeout when
  /// cancelled, else why the call failed
  Result<FetchResponse> fetch(FetchRequest request);
  /// The same for several calls at once; the answers have the order of the requests.
  std::vector<Result<FetchResponse>> fetchAll(std::vector<FetchRequest> requests);
  /// Waits for a value kept under a key. @error kNotFound, kPluginTimeout when cancelled
  Result<std::string> loadData(std::string key);
  /// Waits until a value is kept, for good with a `ttl` of 0.
  Result<std::string> storeData(std::string key, std::string value, std::chrono::seconds ttl);
  using Done = std::function<void()>;
  /// Waits for anything else: `begin(done)` starts it, and `done` is to be called on this worker
  /// when it has ended, never inside `begin`; later calls of it do nothing. What `begin` leaves
  /// behind may outlive this call when the wait ends early.
  /// @return whether it has ended; false when cancelled or when the time is up
  bool wait(const std::function<void(Done)>& begin);
  std::uint32_t worker() const noexcept;

 private:
  friend class ScriptPlugin;
  /// Stops until `start`'s answer is there.
  Result<std::string> awaitStored(const std::function<void(WorkerServices::Stored)>& start);
  void resume();
  void cancel();
  void endWait();

  ScriptPlugin& plugin_;
  HookCall call_;
  Fiber fiber_;
  Result<HookVerdict> verdict_ = HookVerdict::kContinue;
  std::coroutine_handle<> waiter_;
  std::uint64_t wait_number_ = 0;  // tells a late answer from the one that is waited for
  bool waiting_ = false;
  bool ended_ = false;
  bool cancelled_ = false;
  bool timed_out_ = false;
};

/// Base of the bound plugins of script drivers. Must not be destroyed while calls of it wait; the
/// chain sees to that.
class ScriptPlugin : public BoundPlugin {
 public:
  ScriptPlugin(WorkerServices& services, std::uint32_t worker, StackPool& stacks)
      : services_(services), worker_(worker), stacks_(stacks) {}
  ~ScriptPlugin() override;

  Result<HookVerdict> call(HookCall& call) final;
  net::Task<Result<HookVerdict>> finish(HookCall& call) final;

 protected:
  /// The whole hook, on a fiber. No exception may leave it.
  virtual Result<HookVerdict> run(ScriptCall& call) = 0;
  /// What the hook answers when it did not end in time.
  virtual Error timeoutError(Hook hook) const = 0;
  /// Told right before a call stops to wait, and right after it goes on: the place to put away and
  /// to bring back what the engine has once for all calls. On the call's fiber.
  virtual void leaving(ScriptCall& /*call*/) {}
  virtual void returning(ScriptCall& /*call*/) {}

  std::uint32_t worker() const noexcept { return worker_; }
  WorkerServices& services() const noexcept { return services_; }

 private:
  friend class ScriptCall;
  class Parked;
  WorkerServices& services_;
  std::uint32_t worker_;
  StackPool& stacks_;
  std::unordered_map<const http::Exchange*, std::shared_ptr<ScriptCall>> waiting_;
};

}  // namespace tykpp::drivers::script
