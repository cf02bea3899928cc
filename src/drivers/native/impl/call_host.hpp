#pragma once
// What a plugin's `tykpp_call_host*` points to: one hook invocation, and, once deferred, the
// plugin's private copy of the message with the state of the wait.

#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"
#include "http/exchange.hpp"
#include "net/peer_certificates.hpp"
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
  std::shared_ptr<const std::string> definition;  ///< JSON text, one for all hooks of its API
  bool oas_definition = false;
  const void* state_owner = nullptr;  ///< the plugin file: its functions share a request's state
  bool reads_body = false;
  bool ignore_canonical_names = false;
  std::size_t max_pending = 0;
  std::shared_ptr<ServicesGate> services;
};

/// What a plugin changed, so that only that is copied back from a deferred call's private copy.
enum Changed : std::uint16_t {
  kMethodChanged = 1,
  kUrlChanged = 2,
  kRequestHeadersChanged = 4,
  kRequestBodyChanged = 8,
  kResponseChanged = 16,  // status and headers
  kResponseBodyChanged = 32,
  kSessionChanged = 64,
  kAnswerHeadersChanged = 128,
  kStateChanged = 256,
  kRecordChanged = 512,
  kHostChanged = 1024,
};

/// Who ends calls that do not run on a worker of this process: takes each deferred call that is
/// complete. Thread: any.
class CallEnd {
 public:
  virtual ~CallEnd() = default;
  virtual void completed(std::shared_ptr<tykpp_call_host> call) noexcept = 0;
};

/// A deferred call. The worker's exchange is out of the plugin's reach from here on: its threads
/// see the copy alone, which lives until they complete the call, whatever becomes of the request.
struct Deferral {
  enum class State : std::uint8_t { kOpen, kCompleted, kEnded };

  /// What on_gone asked for.
  struct Gone {
    void (*ended)(void*);
    void* context;
  };
  struct Copy {
    explicit Copy(const http::Exchange& real)
        : exchange(arena, real.workerIndex(), real.requestId()) {}
    BlockPool pool{0};
    Arena arena{pool};
    http::Exchange exchange;
    std::optional<net::PeerCertificates> certificates;  // what the exchange points at
  };
  explicit Deferral(std::uint32_t worker_index) : worker(worker_index) {}

  std::mutex mutex;  // guards state, verdict, gone, and the copy's exchange
  State state = State::kOpen;
  std::vector<Gone> gone;
  std::int32_t verdict = TYKPP_FAILED;
  std::uint64_t ticket = 0;
  const std::uint32_t worker;
  Clock::time_point deadline;
  std::shared_ptr<const FunctionFacts> facts;  // keeps texts alive when the API is gone
  std::unique_ptr<Copy> copy;                  // null where the call's exchange is nobody else's
  std::coroutine_handle<> waiter;              // worker only
  bool timed_out = false;                      // worker only
};

/// The call ends unless it is complete or has ended before: tells the plugin that asked for it.
/// Thread: any. @return whether it ended just now
bool endDeferral(Deferral& deferral);

/// Copies heads, session, one plugin's state and the bodies the hook may see.
void copyExchange(http::Exchange& from, http::Exchange& to, const void* state_owner,
                  bool request_body, bool response_body);
/// The state that a plugin keeps with the request, or null.
std::shared_ptr<void> stateOf(const http::Exchange& exchange, const void* owner);
/// Puts it there in place of what was there; null takes it away.
void setState(http::Exchange& exchange, const void* owner, std::shared_ptr<void> value);
/// Takes what the plugin changed over into the worker's exchange. Thread: its worker.
/// @param changed  Changed bits
void applyChanges(http::Exchange& from, http::Exchange& to, unsigned changed,
                  const void* state_owner);

}  // namespace tykpp::drivers::native

/// See above. Thread: the worker's until deferred, then one of the plugin's at a time.
struct tykpp_call_host {
  tykpp::drivers::Hook hook = tykpp::drivers::Hook::kPre;
  bool responded = false;
  std::uint16_t changed = 0;
  tykpp::http::Exchange* exchange =
      nullptr;  // the private copy once deferred; null: no call is running
  tykpp::drivers::TrafficRecord* record = nullptr;
  std::shared_ptr<const tykpp::drivers::native::FunctionFacts> facts;
  tykpp::Clock::time_point deadline;
  std::string reason;  // why it failed, in the plugin's words
  std::unique_ptr<tykpp::drivers::native::Deferral> deferral;
  /// Where the one reference to this call is while its hook runs; defer() shares it.
  std::shared_ptr<tykpp_call_host>* self = nullptr;

  // In a plugin host process, where the exchange is the call's own.
  tykpp::drivers::native::CallEnd* end = nullptr;
  std::string_view session_json, session_key;  // of a session that is not parsed
  bool session_as_text = false;
};
