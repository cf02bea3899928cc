#include "route/impl/escape.hpp"

namespace tykpp::route {

std::string_view escapeUnless(std::string_view text, std::uint8_t flag, Arena& arena) {
  std::size_t escaped = 0;
  for (const char c : text) {
    escaped += (kPathBytes[static_cast<unsigned char>(c)] & flag) == 0 ? 1 : 0;
  }
  if (escaped == 0) return text;
  static constexpr char kHex[] = "0123456789ABCDEF";
  const std::size_t size = text.size() + 2 * escaped;
  char* const out = static_cast<char*>(arena.allocate(size, 1));
  char* at = out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((kPathBytes[byte] & flag) != 0) {
      *at++ = c;
      continue;
    }
    *at++ = '%';
    *at++ = kHex[byte >> 4];
    *at++ = kHex[byte & 15];
  }
  return {out, size};
}

}  // namespace tykpp::route
