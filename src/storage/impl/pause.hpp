#pragma once
// A pause of a coroutine that somebody else may end.

#include <coroutine>
#include <utility>

#include "net/loop.hpp"

namespace tykpp::storage {

/// `co_await pause.wait(time)`: for that long, or until end(). One coroutine at a time; nobody may
/// wait when it is destroyed. Thread: its loop's.
class Pause {
 public:
  explicit Pause(net::Loop& loop) noexcept : deadline_(loop.wheel(), &expire, this) {}

  class Waiting {
   public:
    Waiting(Pause& pause, Clock::duration time) noexcept : pause_(pause), time_(time) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) {
      pause_.caller_ = caller;
      pause_.deadline_.after(time_);
    }
    void await_resume() const noexcept {}

   private:
    Pause& pause_;
    Clock::duration time_;
  };
  Waiting wait(Clock::duration time) noexcept { return {*this, time}; }
  /// Resumes who waits, if anybody.
  void end() {
    deadline_.clear();
    if (const auto caller = std::exchange(caller_, nullptr)) caller.resume();
  }

 private:
  static void expire(net::Deadline&, void* self) { static_cast<Pause*>(self)->end(); }
  net::Deadline deadline_;
  std::coroutine_handle<> caller_ = nullptr;
};

}  // namespace tykpp::storage
