#pragma once
// What a plugin's `tykpp_call_host*` points to: one hook invocation, and, once deferred, the
// plugin's private copy of the message with the state of the wait.

#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/arena.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"
#include "http/exchange.hpp"
#include "tykpp/plugin.h"

namespace tykpp::drivers::native {

/// The way to the workers, cut when the driver goes: plugins' threads may live longer. Thread: any.
class ServicesGate {
 public:
  explicit ServicesGate(WorkerServices& services) : services_(&services) {}
  void post(std::uint32_t worker, std::function<void()> fn) {
    const std::lock_guard lock(mutex_);
    if (services_ != nullptr) services_->post(worker, std::move(fn));
  }
  void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) {
    const std::lock_guard lock(mutex_);
    if (services_ != nullptr) services_->callAt(worker, when, std::move(fn));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    services_ = nullptr;
  }

 private:
  std::mutex mutex_;
  WorkerServices* services_;
};

/// What the host functions need to know about the loaded function. Immutable.
struct FunctionFacts {
  std::string hook_name, api_id, api_name, org_id, config_data, plugin;
  bool reads_body = false;
  bool ignore_canonical_names = false;
  std::size_t max_pending = 0;
  std::shared_ptr<ServicesGate> services;
};

/// What a plugin changed, so that only that is copied back from a deferred call's private copy.
enum Changed : std::uint8_t {
  kMethodChanged = 1,
  kUrlChanged = 2,
  kRequestHeadersChanged = 4,
  kRequestBodyChanged = 8,
  kResponseChanged = 16,  // status and headers
  kResponseBodyChanged = 32,
  kSessionChanged = 64,
};

/// A deferred call. The worker's exchange is out of the plugin's reach from here on: its threads
/// see the copy alone, which lives until they complete the call, whatever becomes of the request.
struct Deferral {
  enum class State : std::uint8_t { kOpen, kCompleted, kEnded };

  Deferral(http::Exchange& real, std::uint32_t worker_index)
      : worker(worker_index), copy(arena, worker_index, real.requestId()) {}

  std::mutex mutex;  // guards state, verdict, copy
  State state = State::kOpen;
  std::int32_t verdict = TYKPP_FAILED;
  std::uint64_t ticket = 0;
  const std::uint32_t worker;
  Clock::time_point deadline;
  std::shared_ptr<const FunctionFacts> facts;  // keeps texts alive when the API is gone
  BlockPool pool{0};
  Arena arena{pool};
  http::Exchange copy;
  std::coroutine_handle<> waiter;  // worker only
  bool timed_out = false;          // worker only
};

/// Copies heads, session and the bodies the hook may see.
void copyExchange(http::Exchange& from, http::Exchange& to, bool request_body, bool response_body);
/// Takes what the plugin changed over into the worker's exchange. Thread: its worker.
/// @param changed  Changed bits
void applyChanges(http::Exchange& from, http::Exchange& to, unsigned changed);

}  // namespace tykpp::drivers::native

/// See above. Thread: the worker's until deferred, then one of the plugin's at a time.
struct tykpp_call_host {
  tykpp::drivers::Hook hook = tykpp::drivers::Hook::kPre;
  bool responded = false;
  std::uint8_t changed = 0;
  tykpp::http::Exchange* exchange =
      nullptr;  // the private copy once deferred; null: no call is running
  tykpp::drivers::TrafficRecord* record = nullptr;
  std::shared_ptr<const tykpp::drivers::native::FunctionFacts> facts;
  tykpp::Clock::time_point deadline;
  std::string reason;  // why it failed, in the plugin's words
  std::unique_ptr<tykpp::drivers::native::Deferral> deferral;
  /// Where the one reference to this call is while its hook runs; defer() shares it.
  std::shared_ptr<tykpp_call_host>* self = nullptr;
};
