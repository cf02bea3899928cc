#pragma once
#include <cstdint>
#include <ctime>

namespace tykpp::analytics {

/// The calendar of local time. Asking the C library takes a lock of the whole process, so the
/// answer is kept for as long as it stays true: zones change their offset at quarters of an hour
/// alone. Thread: one.
class LocalClock {
 public:
  /// @return day, month, year and hour of a time; the rest is not kept up
  const std::tm& at(std::int64_t unix_seconds) {
    const std::int64_t quarter = unix_seconds / kQuarter;
    if (quarter != quarter_) {
      quarter_ = quarter;
      const std::time_t time = unix_seconds;
      if (::localtime_r(&time, &calendar_) == nullptr) calendar_ = {};
    }
    return calendar_;
  }

 private:
  static constexpr std::int64_t kQuarter = 900;
  std::int64_t quarter_ = -1;
  std::tm calendar_{};
};

}  // namespace tykpp::analytics
