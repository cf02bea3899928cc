#include "definition/readable_duration.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/ascii.hpp"

namespace tykpp::definition {
namespace {

struct Unit {
  std::string_view text;
  std::int64_t nanoseconds;
};
// `ms` before `m`: the longer name has to be tried first.
constexpr Unit kUnits[] = {{"ns", 1},
                           {"us", 1'000},
                           {"\xC2\xB5s", 1'000},  // micro sign
                           {"\xCE\xBCs", 1'000},  // Greek mu
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000}};

/// Takes a unit from the front; 0 when there is none.
std::int64_t takeUnit(std::string_view& text) {
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.text)) {
      text.remove_prefix(unit.text.size());
      return unit.nanoseconds;
    }
  }
  return 0;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parseDuration(std::string_view text) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (text.empty()) return std::chrono::nanoseconds{0};
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds{0};
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t whole = 0;
    double fraction = 0;
    double scale = 0.1;
    bool digits = false;
    for (; !text.empty() && isDigit(text.front()); text.remove_prefix(1), digits = true) {
      if (whole > (Limits::max() - 9) / 10) return std::nullopt;
      whole = whole * 10 + (text.front() - '0');
    }
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      for (; !text.empty() && isDigit(text.front()); text.remove_prefix(1), digits = true) {
        fraction += scale * (text.front() - '0');
        scale /= 10;
      }
    }
    if (!digits) return std::nullopt;
    const std::int64_t unit = takeUnit(text);
    if (unit == 0 || whole > Limits::max() / unit) return std::nullopt;
    // Rounded: decimal fractions such as 0.3 are not exact in binary.
    const auto part = static_cast<std::int64_t>(fraction * static_cast<double>(unit) + 0.5);
    const std::int64_t sum = whole * unit;
    if (part > Limits::max() - sum || sum + part > Limits::max() - total) return std::nullopt;
    total += sum + part;
  }
  return std::chrono::nanoseconds{negative ? -total : total};
}

}  // namespace tykpp::definition
