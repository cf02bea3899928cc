#include "base/clock.hpp"

#include <cstdio>
#include <ctime>

namespace tykpp {
namespace {
std::int64_t coarseSeconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec;
}
}  // namespace

std::int64_t unixSeconds() noexcept { return coarseSeconds(); }

std::string_view httpDate() noexcept {
  thread_local std::int64_t cached_second = -1;
  thread_local char text[32];
  const std::int64_t second = coarseSeconds();
  if (second != cached_second) {
    const std::time_t time = second;
    std::tm utc{};
    gmtime_r(&time, &utc);
    static const char kDays[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char kMonths[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                  utc.tm_mday % 100, kMonths[utc.tm_mon], (utc.tm_year + 1900) % 10000,
                  utc.tm_hour % 100, utc.tm_min % 100, utc.tm_sec % 100);
    cached_second = second;
  }
  return {text, 29};
}

std::string_view rfc3339Now(char (&buffer)[40]) noexcept {
  const std::time_t time = coarseSeconds();
  std::tm local{};
  localtime_r(&time, &local);
  std::size_t size = std::strftime(buffer, sizeof buffer - 1, "%Y-%m-%dT%H:%M:%S%z", &local);
  if (local.tm_gmtoff == 0 && size > 5) {
    size -= 5;
    buffer[size++] = 'Z';
  } else if (size > 5) {  // +0200 becomes +02:00
    buffer[size] = buffer[size - 1];
    buffer[size - 1] = buffer[size - 2];
    buffer[size - 2] = ':';
    ++size;
  }
  return {buffer, size};
}

}  // namespace tykpp
