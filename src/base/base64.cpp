#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace tykpp {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

bool padsWell(std::size_t digits, std::size_t signs, Padding padding) noexcept {
  if (digits % 4 == 1) return false;
  const bool full = signs == (4 - digits % 4) % 4;
  if (padding == Padding::kRequired) return full;
  return signs == 0 || (full && padding == Padding::kOptional);
}

}  // namespace

std::string encodeBase64(std::string_view bytes, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    have += 8;
    for (; have >= 6; have -= 6) text += kAlphabet[(bits >> (have - 6)) & 0x3f];
  }
  if (have > 0) text += kAlphabet[(bits << (6 - have)) & 0x3f];
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

std::optional<std::string> decodeBase64(std::string_view text, Padding padding) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t digits = 0;
  std::size_t signs = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++signs;
      continue;
    }
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || signs > 0) return std::nullopt;
    ++digits;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>((bits >> have) & 0xff);
  }
  if (!padsWell(digits, signs, padding)) return std::nullopt;
  return bytes;
}

}  // namespace tykpp
