#include "drivers/native/impl/native_plugin.hpp"

#include <string>
#include <utility>

#include "base/log.hpp"
#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/impl/pending_table.hpp"
#include "http/client_watch.hpp"

namespace tykpp::drivers::native {
namespace {

Error failed(std::string detail) {
  return Error(Errc::kPluginFailed, Side::kPlugin, 500, "Internal Server Error")
      .withDetail(std::move(detail));
}

/// A request that goes on after a failure must not carry half an answer.
void discardAnswer(http::Response& response) {
  response.status = 0;
  response.headers.clear();
  response.dropBody();
}

/// Waits for complete() or the deadline. Destroyed with its coroutine when the client leaves: the
/// call then ends for the plugin too. Thread: the call's worker.
class Wait {
 public:
  Wait(std::shared_ptr<tykpp_call_host> call, const http::Exchange& exchange)
      : call_(std::move(call)), watch_(exchange, &Wait::onClientLeft, this) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() {
    call_->deferral->waiter = {};
    endDeferral(*call_->deferral);
  }

  bool await_ready() const {
    const std::lock_guard lock(call_->deferral->mutex);
    return call_->deferral->state != Deferral::State::kOpen;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    Deferral& deferral = *call_->deferral;
    deferral.waiter = waiter;
    const std::weak_ptr<tykpp_call_host> weak = call_;
    call_->facts->services->callAt(deferral.worker, deferral.deadline,
                                   [weak] { stop(weak.lock(), true); });
  }
  void await_resume() const noexcept {}

 private:
  /// The client left in the middle of the loop's work: the wait ends a turn later.
  static void onClientLeft(void* self) {
    const std::shared_ptr<tykpp_call_host>& call = static_cast<Wait*>(self)->call_;
    const std::weak_ptr<tykpp_call_host> weak = call;
    call->facts->services->post(call->deferral->worker, [weak] { stop(weak.lock(), false); });
  }
  static void stop(const std::shared_ptr<tykpp_call_host>& call, bool late) {
    if (call == nullptr) return;
    Deferral& deferral = *call->deferral;
    if (!endDeferral(deferral)) return;  // its completion is on the way
    deferral.timed_out = late;
    if (const auto waiter = std::exchange(deferral.waiter, {})) waiter.resume();
  }

  std::shared_ptr<tykpp_call_host> call_;
  http::ClientWatch watch_;
};

}  // namespace

Result<HookVerdict> verdictOf(std::int32_t answer, const tykpp_call_host& call) {
  const bool responded = call.responded;
  switch (answer) {
    case TYKPP_CONTINUE:
      return responded ? HookVerdict::kRespond : HookVerdict::kContinue;
    case TYKPP_RESPOND:
      if (responded) return HookVerdict::kRespond;
      return failed("the plugin said it answered, but gave no answer");
    case TYKPP_PENDING:
      return failed("the plugin wants to wait, but did not call defer (or completed with pending)");
    case TYKPP_DROP:
      if (call.hook == Hook::kAnalytics) return HookVerdict::kDrop;
      return failed("only an analytics hook can drop a record");
    default:
      return failed("the plugin failed with code " + std::to_string(answer) +
                    (call.reason.empty() ? "" : ": " + call.reason));
  }
}

Result<std::unique_ptr<BoundPlugin>> NativeLoaded::bind(std::uint32_t /*worker_index*/) const {
  return std::unique_ptr<BoundPlugin>(std::make_unique<NativeBound>(function_, facts_));
}

std::int32_t NativeBound::run(tykpp_call_host& host) noexcept {
  try {
    return function_(&kHostApi, &host);
  } catch (const std::exception& error) {
    host.reason = error.what();
  } catch (...) {
    host.reason = "it let an exception out that is no std::exception";
  }
  return TYKPP_FAILED;
}

Result<HookVerdict> NativeBound::call(HookCall& call) {
  if (spare_ == nullptr) {
    spare_ = std::make_shared<tykpp_call_host>();
    spare_->facts = facts_;
  }
  tykpp_call_host& host = *spare_;
  host.hook = call.hook;
  host.responded = false;
  host.reason.clear();
  host.exchange = &call.exchange;
  host.record = call.record;
  host.deadline = call.deadline;
  host.self = &spare_;
  const std::int32_t answer = run(host);
  host.self = nullptr;
  if (host.deferral != nullptr) return endInside(call, answer);
  host.exchange = nullptr;
  host.record = nullptr;
  Result<HookVerdict> verdict = verdictOf(answer, host);
  if (!verdict && host.responded && call.hook != Hook::kResponse) {
    discardAnswer(call.exchange.response());
  }
  return verdict;
}

/// The hook deferred and returned: it waits, or changed its mind.
Result<HookVerdict> NativeBound::endInside(HookCall& call, std::int32_t answer) {
  std::shared_ptr<tykpp_call_host> host = std::move(spare_);
  spare_ = nullptr;
  if (answer == TYKPP_PENDING) {
    waiting_.insert_or_assign(&call.exchange, std::move(host));
    return HookVerdict::kPending;
  }
  takePending(host->deferral->ticket);
  const std::lock_guard lock(host->deferral->mutex);
  host->deferral->state = Deferral::State::kEnded;
  Result<HookVerdict> verdict = verdictOf(answer, *host);
  if (verdict) {
    applyChanges(host->deferral->copy->exchange, call.exchange, host->changed, facts_->state_owner);
  }
  return verdict;
}

net::Task<Result<HookVerdict>> NativeBound::finish(HookCall& call) {
  const auto found = waiting_.find(&call.exchange);
  if (found == waiting_.end()) co_return failed("the call was never deferred");
  const std::shared_ptr<tykpp_call_host> host = std::move(found->second);
  waiting_.erase(found);
  Deferral& deferral = *host->deferral;
  Wait wait(host, call.exchange);
  co_await wait;
  if (deferral.timed_out) {
    co_return Error(Errc::kPluginTimeout, Side::kPlugin, 500, "Internal Server Error")
        .withDetail("the plugin did not complete its call in time");
  }
  const std::lock_guard lock(deferral.mutex);
  if (deferral.state == Deferral::State::kEnded) {
    co_return Error(Errc::kClientGone, Side::kClient, 499, "Client closed request");
  }
  Result<HookVerdict> verdict = verdictOf(deferral.verdict, *host);
  if (verdict) {
    applyChanges(deferral.copy->exchange, call.exchange, host->changed, facts_->state_owner);
  }
  co_return verdict;
}

}  // namespace tykpp::drivers::native
