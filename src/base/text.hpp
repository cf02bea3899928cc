#pragma once
// Decoding of escaped text, for the rooms that read URLs and JSON.

#include <cstddef>
#include <string>
#include <string_view>

namespace tykpp {

/// The value of a hexadecimal digit, -1 for any other character.
constexpr int hexValue(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A form-encoded piece of a query as text: `+` is a space, a malformed escape stays as it is.
std::string formDecode(std::string_view text);

/// Whether JSON nests deeper than `limit`, found without parsing: readers and writers recurse, and
/// deep input must not exhaust their stack. Wrong JSON gives some answer; the parser tells then.
bool jsonDeeperThan(std::string_view text, std::size_t limit) noexcept;

}  // namespace tykpp
