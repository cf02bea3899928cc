#pragma once
// Functions to be called at a time, kept until then.

#include <functional>
#include <list>
#include <utility>

#include "net/deadline.hpp"

namespace tykpp::net {

/// Owns what waits: destroyed before its time, a function is not called. Thread: the wheel's; made
/// and destroyed while the wheel's loop does not run.
class TimedCalls {
 public:
  /// @param wheel  outlives it
  explicit TimedCalls(Wheel& wheel) noexcept : wheel_(wheel) {}
  TimedCalls(const TimedCalls&) = delete;
  TimedCalls& operator=(const TimedCalls&) = delete;

  /// Calls `fn` not before `when`, at the coarseness of the wheel.
  void add(Clock::time_point when, std::function<void()> fn) {
    Call& call = waiting_.emplace_back(*this, std::move(fn));
    call.self = std::prev(waiting_.end());
    call.deadline.at(when);
  }

 private:
  struct Call {
    Call(TimedCalls& calls, std::function<void()> function)
        : owner(calls), fn(std::move(function)), deadline(calls.wheel_, &Call::fire, this) {}
    static void fire(Deadline&, void* self) {
      auto& call = *static_cast<Call*>(self);
      std::list<Call> due;  // out of the list first: `fn` may add more
      due.splice(due.end(), call.owner.waiting_, call.self);
      call.fn();
    }
    TimedCalls& owner;
    std::function<void()> fn;
    Deadline deadline;
    std::list<Call>::iterator self{};
  };
  Wheel& wheel_;
  std::list<Call> waiting_;
};

}  // namespace tykpp::net
