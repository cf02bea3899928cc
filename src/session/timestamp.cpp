#include "session/timestamp.hpp"

#include <chrono>
#include <cstdio>

#include "base/ascii.hpp"

namespace tykpp::session {
namespace {

namespace chrono = std::chrono;

/// Takes pieces off the front; after a mismatch every later answer is meaningless and `ok` false.
struct Scanner {
  std::string_view left;
  bool ok = true;

  int number(std::size_t digits, int most) {
    if (left.size() < digits) return fail();
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!isDigit(left[i])) return fail();
      value = value * 10 + (left[i] - '0');
    }
    left.remove_prefix(digits);
    return value <= most ? value : fail();
  }
  void mark(char wanted) {
    if (left.empty() || left.front() != wanted) {
      ok = false;
    } else {
      left.remove_prefix(1);
    }
  }
  bool next(char wanted) {
    if (left.empty() || left.front() != wanted) return false;
    left.remove_prefix(1);
    return true;
  }
  int fail() {
    ok = false;
    left = {};
    return 0;
  }
};

std::int32_t readFraction(Scanner& scan) {
  if (!scan.next('.')) return 0;
  std::int32_t value = 0;
  std::size_t digits = 0;
  while (digits < scan.left.size() && isDigit(scan.left[digits])) {
    if (digits < 9) value = value * 10 + (scan.left[digits] - '0');
    ++digits;
  }
  if (digits == 0) scan.ok = false;
  scan.left.remove_prefix(digits);
  for (; digits < 9; ++digits) value *= 10;
  return value;
}

std::int32_t readOffset(Scanner& scan) {
  if (scan.next('Z')) return 0;
  const int sign = scan.next('-') ? -1 : 1;
  if (sign == 1) scan.mark('+');
  const int hours = scan.number(2, 23);
  scan.mark(':');
  return sign * (hours * 3600 + scan.number(2, 59) * 60);
}

}  // namespace

std::optional<Timestamp> Timestamp::parse(std::string_view text) {
  Scanner scan{text};
  const chrono::year year(scan.number(4, 9999));
  scan.mark('-');
  const chrono::month month(static_cast<unsigned>(scan.number(2, 12)));
  scan.mark('-');
  const chrono::day day(static_cast<unsigned>(scan.number(2, 31)));
  scan.mark('T');
  const int hours = scan.number(2, 23);
  scan.mark(':');
  const int minutes = scan.number(2, 59);
  scan.mark(':');
  const int seconds = scan.number(2, 59);
  Timestamp time;
  time.nanoseconds = readFraction(scan);
  time.offset = readOffset(scan);
  const chrono::year_month_day date(year, month, day);
  if (!scan.ok || !scan.left.empty() || !date.ok()) return std::nullopt;
  const std::int64_t days = chrono::sys_days(date).time_since_epoch().count();
  time.seconds = days * 86400 + hours * 3600 + minutes * 60 + seconds - time.offset;
  return time;
}

std::string Timestamp::text() const {
  const std::int64_t local = seconds + offset;
  const chrono::sys_seconds point{chrono::seconds(local)};
  const auto midnight = chrono::floor<chrono::days>(point);
  const chrono::year_month_day date(midnight);
  const auto second = static_cast<int>((point - midnight).count());
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60, second % 60);
  std::string out = buffer;
  if (nanoseconds != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09d", nanoseconds);
    out += buffer;
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (offset == 0) return out + "Z";
  const int distance = offset < 0 ? -offset : offset;
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", offset < 0 ? '-' : '+', distance / 3600,
                distance / 60 % 60);
  return out + buffer;
}

}  // namespace tykpp::session
