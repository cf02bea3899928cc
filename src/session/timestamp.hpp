#pragma once
// A point in time as sessions store it (`date_created`): RFC 3339 text with up to nanoseconds and a
// zone of its own, which is kept.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tykpp::session {

/// Default: the first of January of the year 1, midnight UTC, which formats take for "no time".
struct Timestamp {
  std::int64_t seconds = -62135596800;  ///< since the epoch
  std::int32_t nanoseconds = 0;         ///< 0 to 999 999 999
  std::int32_t offset = 0;              ///< seconds east of UTC that the text shows
  bool operator==(const Timestamp&) const = default;

  /// Whether it stands for "no time", in whatever zone.
  bool isZero() const noexcept { return seconds == Timestamp{}.seconds && nanoseconds == 0; }
  /// @return nothing when the text is no RFC 3339 time with four-digit year; digits behind the
  /// ninth of a fraction are dropped
  static std::optional<Timestamp> parse(std::string_view text);
  /// RFC 3339, the fraction without zeros at its end.
  std::string text() const;
};

}  // namespace tykpp::session
