#include "net/deadline.hpp"

#include <algorithm>

namespace tykpp::net {

void Deadline::at(Clock::time_point when) {
  when_ = when;
  if (link_ != nullptr && wheel_.tickOf(when) >= tick_)
    return;  // the tick that fires first looks at when_
  unlink();
  wheel_.link(*this);
}

void Deadline::after(Clock::duration delay) { at(wheel_.now() + delay); }

void Deadline::unlink() noexcept {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
  next_ = nullptr;
}

std::uint64_t Wheel::tickOf(Clock::time_point when) const noexcept {
  if (when <= start_) return 0;
  return static_cast<std::uint64_t>((when - start_ + kTick - Clock::duration(1)) / kTick);
}

void Wheel::link(Deadline& deadline) {
  const std::uint64_t earliest = done_tick_ + 1;
  const std::uint64_t tick = std::clamp(tickOf(deadline.when_), earliest, earliest + kBuckets - 2);
  Deadline*& head = buckets_[tick % kBuckets];
  deadline.tick_ = tick;
  deadline.next_ = head;
  deadline.link_ = &head;
  if (head != nullptr) head->link_ = &deadline.next_;
  head = &deadline;
  if (tick < next_tick_) {
    next_tick_ = tick;
    earlier_ = true;
  }
}

void Wheel::advance() {
  const auto now_tick =
      static_cast<std::uint64_t>(std::max(now_ - start_, Clock::duration(0)) / kTick);
  while (done_tick_ < now_tick) {
    // At most one round of the wheel: after a long sleep every bucket is due.
    if (now_tick - done_tick_ > kBuckets) done_tick_ = now_tick - kBuckets;
    const std::uint64_t tick = done_tick_ + 1;
    Deadline*& head = buckets_[tick % kBuckets];
    done_tick_ = tick;
    // Taken off one by one: expiring one may destroy or move any other.
    while (head != nullptr) {
      Deadline& deadline = *head;
      deadline.unlink();
      if (!deadline.armed()) continue;
      if (deadline.when_ > now_) {
        link(deadline);  // moved later meanwhile; never into this bucket again
        continue;
      }
      deadline.when_ = Clock::time_point::max();
      deadline.expire_(deadline, deadline.owner_);
    }
  }
  next_tick_ = UINT64_MAX;
  for (std::uint64_t tick = done_tick_ + 1; tick <= done_tick_ + kBuckets; ++tick) {
    if (buckets_[tick % kBuckets] != nullptr) {
      next_tick_ = tick;
      break;
    }
  }
  earlier_ = false;
}

Clock::time_point Wheel::next() const noexcept {
  return next_tick_ == UINT64_MAX ? Clock::time_point::max()
                                  : start_ + kTick * static_cast<std::int64_t>(next_tick_);
}

}  // namespace tykpp::net
