#pragma once
// Whether a worker polls for the answer to a lone call instead of sleeping until it comes. Waking a
// core that sleeps takes longer than a plugin server on the same machine takes for its answer.

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace tykpp::drivers::grpc {

/// Whether it pays to poll: what came in time earns credit, and time spent in vain costs some.
class PollCredit {
 public:
  bool enough() noexcept { return credit_ > 0 || ++passed_ % kTryEach == 0; }
  void polled(bool came) noexcept {
    if (came) {
      credit_ = credit_ < kMost ? credit_ + 1 : kMost;
    } else {
      credit_ = credit_ > kMiss ? credit_ - kMiss : 0;
    }
  }

 private:
  static constexpr int kMost = 16;
  static constexpr int kMiss = 4;
  static constexpr unsigned kTryEach = 64;

  int credit_ = kMiss;
  unsigned passed_ = 0;
};

/// Polls where it pays: for calls that are alone on their worker, when the last ones were alone
/// too, and as long as answers come within the time; then for what follows such an answer. Under
/// load, and with servers that take longer, it costs nothing but a try now and then. Thread: its
/// worker.
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
    return answers_.enough();
  }
  /// @param answered  the answer came while the worker polled
  void polled(bool answered) noexcept { answers_.polled(answered); }
  /// An answer came that was polled for. @return whether to poll for what follows: the upstream's
  /// response, the client's next request
  bool staysAwake() noexcept { return following_.enough(); }
  /// @param came  something did while the worker polled
  void stayed(bool came) noexcept { following_.polled(came); }

 private:
  /// Calls in a row that were alone before one is polled for.
  static constexpr int kAlone = 8;

  const std::chrono::microseconds most_;
  int alone_ = 0;
  PollCredit answers_;
  PollCredit following_;
};

}  // namespace tykpp::drivers::grpc
