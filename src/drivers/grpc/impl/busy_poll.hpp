#pragma once
// Whether a worker polls for the answer to a lone call instead of sleeping until it comes. Waking a
// core that sleeps takes longer than a plugin server on the same machine takes for its answer.

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace tykpp::drivers::grpc {

/// Polls where it pays: for calls that are alone on their worker, when the last ones were alone
/// too, and as long as answers come within the time. Under load, and with servers that take longer,
/// it costs nothing but a try now and then. Thread: its worker.
class BusyPoll {
 public:
  /// @param most  how long at a time; 0: never. Source: `coprocess_options.grpc_busy_poll_us`
  explicit BusyPoll(std::chrono::microseconds most) noexcept : most_(most) {}

  std::chrono::microseconds most() const noexcept { return most_; }
  /// A call begins. @param under_way  calls of the worker, with this one
  void begun(std::size_t under_way) noexcept {
    if (under_way != 1) alone_ = 0;
  }
  /// The worker has nothing to do but to wait for one call. @return whether to poll
  bool wanted() noexcept {
    if (most_.count() == 0) return false;
    if (alone_ < kAlone) {
      ++alone_;
      return false;
    }
    return credit_ > 0 || ++passed_ % kTryEach == 0;
  }
  /// @param answered  the answer came while the worker polled
  void polled(bool answered) noexcept {
    if (answered) {
      credit_ = credit_ < kMostCredit ? credit_ + 1 : kMostCredit;
    } else {
      credit_ = credit_ > kMiss ? credit_ - kMiss : 0;
    }
  }

 private:
  /// Calls in a row that were alone before one is polled for.
  static constexpr int kAlone = 8;
  static constexpr int kMostCredit = 16;
  static constexpr int kMiss = 4;  // what a time that was spent in vain takes away
  static constexpr unsigned kTryEach = 64;

  const std::chrono::microseconds most_;
  int alone_ = 0;
  int credit_ = kMiss;
  unsigned passed_ = 0;
};

}  // namespace tykpp::drivers::grpc
