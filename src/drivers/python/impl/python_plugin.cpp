#include "drivers/python/impl/python_plugin.hpp"

#include <utility>

namespace tykpp::drivers::python {
namespace {

constexpr std::size_t kMaxSpare = 64;

/// Waits until the call comes back or its time is up. Destroyed with its coroutine when the client
/// leaves: nobody wants the answer then.
class Wait {
 public:
  Wait(std::shared_ptr<Call> call, Lane& lane) : call_(std::move(call)), lane_(lane) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() {
    call_->waiter = {};
    lane_.remove(*call_);
    if (!call_->returned) call_->unwanted.store(true, std::memory_order_relaxed);
  }
  bool await_ready() const noexcept { return call_->returned || call_->timed_out; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { call_->waiter = waiter; }
  void await_resume() const noexcept {}

 private:
  std::shared_ptr<Call> call_;
  Lane& lane_;
};

void resumeWaiter(Call& call) {
  if (const auto waiter = std::exchange(call.waiter, {})) waiter.resume();
}

}  // namespace

Lane::~Lane() {
  while (first != nullptr) remove(*first);
}

std::shared_ptr<Call> Lane::take() {
  if (spare_.empty()) return std::make_shared<Call>();
  std::shared_ptr<Call> call = std::move(spare_.back());
  spare_.pop_back();
  return call;
}

/// Keeps a call that nobody else holds any more for the next request.
void Lane::recycle(std::shared_ptr<Call> call) {
  if (call.use_count() != 1 || spare_.size() >= kMaxSpare) return;
  // What a plugin's thread still did before it let go has to be seen here. A reference dropped
  // orders that, as a fence would, and thread sanitizers know it.
  std::shared_ptr<Call>(call).reset();
  call->reset();
  spare_.push_back(std::move(call));
}

void Lane::add(Call& call) {
  call.lane = this;
  call.later = nullptr;
  call.earlier = last;
  (last != nullptr ? last->later : first) = &call;
  last = &call;
  arm();
}

void Lane::remove(Call& call) noexcept {
  if (call.lane != this) return;
  (call.earlier != nullptr ? call.earlier->later : first) = call.later;
  (call.later != nullptr ? call.later->earlier : last) = call.earlier;
  call.lane = nullptr;
  call.earlier = nullptr;
  call.later = nullptr;
}

/// One timer a lane, for the oldest call; it is not taken back when that call ends in time.
void Lane::arm() {
  if (armed_ || first == nullptr) return;
  armed_ = true;
  const Clock::time_point when = first->deadline;
  services.callAt(worker, when, [weak = weak_from_this(), when] {
    if (const auto lane = weak.lock()) lane->expire(std::max(when, Clock::now()));
  });
}

void Lane::expire(Clock::time_point now) {
  armed_ = false;
  while (first != nullptr && first->deadline <= now) {
    Call& call = *first;
    remove(call);
    call.timed_out = true;
    call.unwanted.store(true, std::memory_order_relaxed);
    resumeWaiter(call);
  }
  arm();
}

void callReturned(std::shared_ptr<Call> call) {
  call->returned = true;
  if (call->ended) {
    const std::function<void()> ended = std::move(call->ended);
    call.reset();
    return ended();
  }
  const auto waiter = std::exchange(call->waiter, {});
  call.reset();  // so that the waiter is the last to hold it and may use it again
  if (waiter) waiter.resume();
}

Result<std::unique_ptr<BoundPlugin>> PythonLoaded::bind(std::uint32_t worker_index) const {
  return std::unique_ptr<BoundPlugin>(
      std::make_unique<PythonBound>(handler_, pool_, services_, worker_index));
}

PythonBound::~PythonBound() {
  // Calls that nobody ever waited for: the lane must not look at them again.
  for (const auto& [exchange, call] : waiting_) lane_->remove(*call);
}

Result<HookVerdict> PythonBound::call(HookCall& hook) {
  std::shared_ptr<Call> call = lane_->take();
  call->handler = handler_;
  fillCall(*call, hook);
  if (!pool_.submit(call)) {
    return coprocess::failure(hook.hook, "too many calls wait for Python already");
  }
  lane_->add(*call);
  // An exchange at this address that never got to wait is gone.
  if (const auto old = waiting_.find(&hook.exchange); old != waiting_.end()) {
    lane_->remove(*old->second);
  }
  waiting_.insert_or_assign(&hook.exchange, std::move(call));
  return HookVerdict::kPending;
}

net::Task<Result<HookVerdict>> PythonBound::finish(HookCall& hook) {
  const auto found = waiting_.find(&hook.exchange);
  if (found == waiting_.end()) {
    co_return coprocess::failure(hook.hook, "the call was never made");
  }
  std::shared_ptr<Call> call = std::move(found->second);
  waiting_.erase(found);
  {
    Wait wait(call, *lane_);
    co_await wait;
  }
  if (!call->returned) {
    co_return coprocess::failure(hook.hook, "the plugin did not answer in time",
                                 Errc::kPluginTimeout);
  }
  if (call->error) co_return std::move(*call->error);
  Result<HookVerdict> verdict =
      hook.hook == Hook::kResponse
          ? coprocess::applyResponse(hook, handler_->facts, std::move(call->response_reply))
          : coprocess::apply(hook, handler_->facts, std::move(call->request_reply));
  lane_->recycle(std::move(call));
  co_return verdict;
}

}  // namespace tykpp::drivers::python
