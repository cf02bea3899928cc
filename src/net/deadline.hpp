#pragma once
// Deadlines on a wheel: one per worker, 100 ms ticks. Moving a deadline later, or clearing it,
// writes one number; the tick that fires looks at it. So a request that sets and clears several
// deadlines costs no timer call.

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace tykpp::net {

class Wheel;

/// Something that must happen by a time. Embedded in its owner, who outlives it. Thread: the
/// wheel's worker.
class Deadline {
 public:
  using Expire = void (*)(Deadline& self, void* owner);
  Deadline(Wheel& wheel, Expire expire, void* owner) noexcept
      : wheel_(wheel), expire_(expire), owner_(owner) {}
  ~Deadline() { unlink(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Expires up to one tick after `when`, on the worker's loop.
  void at(Clock::time_point when);
  void after(Clock::duration delay);
  void clear() noexcept { when_ = Clock::time_point::max(); }
  bool armed() const noexcept { return when_ != Clock::time_point::max(); }

 private:
  friend class Wheel;
  void unlink() noexcept;
  Wheel& wheel_;
  Expire expire_;
  void* owner_;
  Clock::time_point when_ = Clock::time_point::max();
  std::uint64_t tick_ = 0;  // of the bucket it is linked in, when linked
  Deadline* next_ = nullptr;
  Deadline** link_ = nullptr;  // what points at us, null when not linked
};

/// The buckets. Deadlines beyond the horizon wait in the last bucket and are linked again from
/// there.
class Wheel {
 public:
  static constexpr auto kTick = std::chrono::milliseconds(100);
  explicit Wheel(Clock::time_point start) noexcept : start_(start), now_(start) {}

  /// The loop's time, read once a round.
  Clock::time_point now() const noexcept { return now_; }
  void setNow(Clock::time_point now) noexcept { now_ = now; }
  /// Expires what is due.
  void advance();
  /// When advance() has something to look at next; time_point::max() when nothing is linked.
  Clock::time_point next() const noexcept;
  /// True once after a deadline was linked earlier than what next() said before.
  bool takeEarlier() noexcept {
    const bool earlier = earlier_;
    earlier_ = false;
    return earlier;
  }

 private:
  friend class Deadline;
  static constexpr std::size_t kBuckets = 1024;
  std::uint64_t tickOf(Clock::time_point when) const noexcept;
  void link(Deadline& deadline);
  Clock::time_point start_;
  Clock::time_point now_;
  std::uint64_t done_tick_ = 0;  // every bucket up to this one has been looked at
  std::uint64_t next_tick_ = UINT64_MAX;
  bool earlier_ = false;
  std::array<Deadline*, kBuckets> buckets_{};
};

}  // namespace tykpp::net
