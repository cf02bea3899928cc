#pragma once
// One answer that comes on another thread, for a thread that may stand still: that of events.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tykpp::drivers::js {

/// The answer may come when nobody waits any more, or never.
template <class T>
class BlockingAnswer {
 public:
  /// What takes the answer. Thread: any. When it goes without having been called, waiting ends.
  std::function<void(Result<T>)> taker() {
    auto guard = std::make_shared<Guard>(state_);
    return [guard = std::move(guard)](Result<T> answer) { guard->end(std::move(answer)); };
  }
  /// @error kTimeout  nothing came until the deadline
  Result<T> wait(Clock::time_point deadline) {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_until(lock, deadline, [this] { return state_->ended; });
    return state_->answer;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    Result<T> answer = Error(Errc::kTimeout, "no answer came in time");
    bool ended = false;
  };
  class Guard {
   public:
    explicit Guard(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      const std::lock_guard lock(state_->mutex);
      state_->ended = true;
      state_->changed.notify_one();
    }
    void end(Result<T> answer) {
      const std::lock_guard lock(state_->mutex);
      state_->answer = std::move(answer);
      state_->ended = true;
      state_->changed.notify_one();
    }

   private:
    std::shared_ptr<State> state_;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tykpp::drivers::js
