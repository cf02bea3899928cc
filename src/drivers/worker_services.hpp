#pragma once
// What drivers need of the workers: to continue on one of them from another thread, and to be
// called at a time.

#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace tykpp::drivers {

/// Implemented by gateway/. Must outlive the drivers.
class WorkerServices {
 public:
  virtual ~WorkerServices() = default;
  /// Runs `fn` on that worker, soon; never inside post(). Thread: any. After the worker has stopped
  /// `fn` is destroyed without being run.
  virtual void post(std::uint32_t worker, std::function<void()> fn) = 0;
  /// Runs `fn` on that worker not before `when`, at the coarseness of the worker's timers. There is
  /// no way to cancel it: `fn` must tolerate being late. Thread: that worker.
  virtual void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) = 0;
};

}  // namespace tykpp::drivers
