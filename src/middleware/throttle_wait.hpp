#pragma once
// The pause of a throttled request. It ends early when the client leaves.

#include <coroutine>

#include "http/client_watch.hpp"
#include "net/loop.hpp"

namespace tykpp::middleware {

/// `co_await wait` once. Thread: the exchange's worker.
class ThrottleWait {
 public:
  ThrottleWait(net::Loop& loop, const http::Exchange& exchange, Clock::duration time) noexcept
      : deadline_(loop.wheel(), &ThrottleWait::expire, this),
        watch_(exchange, &ThrottleWait::onClientLeft, this),
        time_(time) {}
  ThrottleWait(const ThrottleWait&) = delete;
  ThrottleWait& operator=(const ThrottleWait&) = delete;

  bool await_ready() const noexcept { return watch_.left(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    deadline_.after(time_);
  }
  void await_resume() const noexcept {}
  bool clientLeft() const noexcept { return watch_.left(); }

 private:
  static void expire(net::Deadline&, void* self) {
    static_cast<ThrottleWait*>(self)->waiter_.resume();
  }
  /// Nobody may be resumed from here: the wheel's next turn does it.
  static void onClientLeft(void* self) {
    auto* wait = static_cast<ThrottleWait*>(self);
    if (wait->waiter_) wait->deadline_.after(Clock::duration::zero());
  }

  net::Deadline deadline_;
  http::ClientWatch watch_;
  Clock::duration time_;
  std::coroutine_handle<> waiter_;
};

}  // namespace tykpp::middleware
