#pragma once
// Escaping of paths as Go's net/url does it, since what upstreams see must be what the original
// sends them.

#include <array>
#include <cstdint>
#include <string_view>

#include "base/arena.hpp"

namespace tykpp::route {

inline constexpr std::uint8_t kPlain = 1;       ///< stays as it is when a decoded path is escaped
inline constexpr std::uint8_t kWellFormed = 2;  ///< may stand in a path that came escaped
inline constexpr std::uint8_t kWireSafe = 4;    ///< cannot end or split a request line

/// What each byte may do in a path.
inline constexpr std::array<std::uint8_t, 256> kPathBytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0x21; c < 256; ++c) {
    if (c != 0x7f) table[c] = kWireSafe;
  }
  const auto allow = [&table](std::string_view bytes, unsigned flags) {
    for (const char c : bytes) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | flags);
    }
  };
  allow("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@",
        kPlain | kWellFormed);
  allow("!'()*[]%", kWellFormed);
  return table;
}();

/// Whether every byte of the text carries this flag.
inline bool allBytes(std::string_view text, std::uint8_t flag) noexcept {
  std::uint8_t common = flag;
  for (const char c : text) common &= kPathBytes[static_cast<unsigned char>(c)];
  return common == flag;
}

/// The text with `%XX` for every byte without this flag. The text itself when all have it.
std::string_view escapeUnless(std::string_view text, std::uint8_t flag, Arena& arena);

}  // namespace tykpp::route
