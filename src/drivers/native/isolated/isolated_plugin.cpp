#include "drivers/native/isolated/isolated_plugin.hpp"

#include <optional>

#include "drivers/native/isolated/call_failure.hpp"
#include "http/client_watch.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

/// Waits for the reply, the deadline, or the client's leaving.
class Wait {
 public:
  Wait(Call& call, Lane& lane, const HookCall& hook)
      : call_(call), lane_(lane), deadline_(lane.loop().wheel(), &Wait::expire, this) {
    // A record is made whether or not the client is there still.
    if (hook.hook != Hook::kAnalytics) watch_.emplace(hook.exchange, &Wait::onClientLeft, this);
  }
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { lane_.release(call_); }
  bool await_ready() const noexcept { return call_.state != Call::State::kSent; }
  void await_suspend(std::coroutine_handle<> waiter) {
    call_.waiter = waiter;
    deadline_.at(call_.deadline);
  }
  void await_resume() noexcept { deadline_.clear(); }
  bool timedOut() const noexcept { return timed_out_; }

 private:
  static void expire(net::Deadline&, void* self) {
    Wait& wait = *static_cast<Wait*>(self);
    if (wait.call_.state != Call::State::kSent) return;
    wait.timed_out_ = true;
    wait.call_.state = Call::State::kStopped;
    if (const auto waiter = std::exchange(wait.call_.waiter, {})) waiter.resume();
  }
  static void onClientLeft(void* self) {
    Wait& wait = *static_cast<Wait*>(self);
    wait.lane_.stopSoon(wait.call_);
  }

  Call& call_;
  Lane& lane_;
  net::Deadline deadline_;
  std::optional<http::ClientWatch> watch_;
  bool timed_out_ = false;
};

}  // namespace

IsolatedLoaded::IsolatedLoaded(std::shared_ptr<HostUse> use, std::string function,
                               FunctionFacts facts)
    : use_(std::move(use)),
      reads_body_(facts.reads_body),
      number_(use_->host().announce(std::move(function),
                                    std::make_shared<const FunctionFacts>(std::move(facts)))) {}

IsolatedLoaded::~IsolatedLoaded() { use_->host().forget(number_); }

Result<std::unique_ptr<BoundPlugin>> IsolatedLoaded::bind(std::uint32_t worker_index) const {
  std::shared_ptr<Lane> lane = use_->lane(worker_index);
  if (lane == nullptr) return Error(Errc::kInternal, "no loop to wait for a plugin host on");
  return std::unique_ptr<BoundPlugin>(
      std::make_unique<IsolatedBound>(use_, std::move(lane), number_, reads_body_));
}

Result<HookVerdict> IsolatedBound::call(HookCall& call) {
  // One that was sent and never awaited is let go.
  if (sent_ != nullptr) lane_->release(*std::exchange(sent_, nullptr));
  auto sent = lane_->start(call, number_, reads_body_);
  if (!sent) return sent.error();
  sent_ = *sent;
  waiting_ = &call.exchange;
  return HookVerdict::kPending;
}

net::Task<Result<HookVerdict>> IsolatedBound::finish(HookCall& hook) {
  if (sent_ == nullptr || waiting_ != &hook.exchange)
    co_return callFailed("the call was never made");
  Call& call = *std::exchange(sent_, nullptr);
  Wait wait(call, *lane_, hook);
  co_await wait;
  if (wait.timedOut()) {
    co_return Error(Errc::kPluginTimeout, Side::kPlugin, 500, "Internal Server Error")
        .withDetail("the plugin did not complete its call in time");
  }
  if (call.state == Call::State::kStopped) {
    co_return Error(Errc::kClientGone, Side::kClient, 499, "Client closed request");
  }
  if (call.state == Call::State::kFailed) co_return callFailed(call.failure);
  co_return settle(hook, call);
}

Result<HookVerdict> IsolatedBound::settle(HookCall& hook, Call& call) {
  FrameReader frame(call.reply);
  ReplyHead head;
  if (!readReplyHead(frame, head)) {
    lane_->condemn("a reply that is malformed");
    return callFailed("the plugin host sent a reply that is malformed");
  }
  if (head.has_state && hook.hook != Hook::kAnalytics) lane_->attachState(hook.exchange);
  if (head.outcome != Outcome::kVerdict) return callFailed(std::string(head.reason));
  const bool dropped = head.verdict == HookVerdict::kDrop;
  if (auto applied = applyReply(frame, hook); !applied || (dropped && hook.record == nullptr)) {
    lane_->condemn(applied ? "a verdict that is none here" : applied.error().message());
    return callFailed("the plugin host sent a reply that cannot be");
  }
  if (head.verdict == HookVerdict::kRespond && hook.exchange.response().status < 200) {
    lane_->condemn("an answer without a status");
    return callFailed("the plugin host sent an answer without a status");
  }
  return head.verdict;
}

}  // namespace tykpp::drivers::native::isolated
