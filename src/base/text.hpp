#pragma once
// Decoding of escaped text, for the rooms that read URLs and JSON.

#include <algorithm>
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

/// Adds text as a form writes it: a space is `+`, what RFC 3986 does not call unreserved is
/// escaped.
void appendFormEncoded(std::string& out, std::string_view text);

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629 section 4: shortest forms alone,
/// no surrogates, nothing above U+10FFFF), 0 when there is none. `text` is not empty.
std::size_t utf8SequenceLength(std::string_view text) noexcept;
bool isUtf8(std::string_view bytes) noexcept;
/// Whether no byte is above 0x7f.
bool isAscii(std::string_view bytes) noexcept;

/// Calls `use(name, value)` for each pair of a query or form, both as written. Pieces with a
/// semicolon are passed over: it separates nothing any more.
template <class Use>
void forEachFormPair(std::string_view left, const Use& use) {
  while (!left.empty()) {
    const std::size_t end = std::min(left.find('&'), left.size());
    const std::string_view piece = left.substr(0, end);
    left.remove_prefix(std::min(left.size(), end + 1));
    if (piece.empty() || piece.find(';') != std::string_view::npos) continue;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    use(piece.substr(0, equals),
        equals < piece.size() ? piece.substr(equals + 1) : std::string_view{});
  }
}

/// Whether JSON nests deeper than `limit`, found without parsing: readers and writers recurse, and
/// deep input must not exhaust their stack. Wrong JSON gives some answer; the parser tells then.
bool jsonDeeperThan(std::string_view text, std::size_t limit) noexcept;

}  // namespace tykpp
