#include "drivers/js/impl/text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace tykpp::drivers::js {
namespace {

constexpr std::uint32_t kFirstByteUnit = 0xdc80;  // stands for the byte 0x80
constexpr std::uint32_t kReplacement = 0xfffd;

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629 section 4), 0 when there is
/// none.
std::size_t sequenceLength(std::string_view at) noexcept {
  const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at.size() < length) return 0;
  const unsigned char second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

void appendThree(std::string& out, std::uint32_t unit) {
  out += static_cast<char>(0xe0 | (unit >> 12));
  out += static_cast<char>(0x80 | ((unit >> 6) & 0x3f));
  out += static_cast<char>(0x80 | (unit & 0x3f));
}

std::uint32_t threeAt(std::string_view at) noexcept {
  const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  return ((byte(0) & 0x0fU) << 12) | ((byte(1) & 0x3fU) << 6) | (byte(2) & 0x3fU);
}

bool isSurrogateAt(std::string_view at) noexcept {
  return at.size() >= 3 && static_cast<unsigned char>(at[0]) == 0xed &&
         static_cast<unsigned char>(at[1]) >= 0xa0;
}

std::string decode(std::string_view text, bool keep_bytes) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (!isSurrogateAt(text)) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::uint32_t unit = threeAt(text);
    text.remove_prefix(3);
    if (unit < 0xdc00 && isSurrogateAt(text) && threeAt(text) >= 0xdc00) {
      const std::uint32_t code = 0x10000 + ((unit - 0xd800) << 10) + (threeAt(text) - 0xdc00);
      text.remove_prefix(3);
      out += static_cast<char>(0xf0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (keep_bytes && unit >= kFirstByteUnit && unit < kFirstByteUnit + 0x80) {
      out += static_cast<char>(unit - kFirstByteUnit + 0x80);
    } else {
      appendThree(out, kReplacement);
    }
  }
  return out;
}

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

}  // namespace

bool isPlain(std::string_view text) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if ((word & 0x8080808080808080U) != 0) return false;
  }
  for (; left > 0; ++at, --left) {
    if ((static_cast<unsigned char>(*at) & 0x80U) != 0) return false;
  }
  return true;
}

std::string toEngine(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    const std::size_t length = sequenceLength(bytes);
    if (length == 0) {
      appendThree(out, kFirstByteUnit + static_cast<unsigned char>(bytes.front()) - 0x80U);
      bytes.remove_prefix(1);
      continue;
    }
    if (length < 4) {
      out.append(bytes.substr(0, length));
    } else {
      const std::uint32_t code = ((static_cast<unsigned char>(bytes[0]) & 0x07U) << 18) +
                                 threeAt(bytes.substr(1)) % 0x1000 +
                                 ((static_cast<unsigned char>(bytes[1]) & 0x3fU) << 12) - 0x10000;
      appendThree(out, 0xd800 + (code >> 10));
      appendThree(out, 0xdc00 + (code & 0x3ff));
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::string fromEngine(std::string_view text) { return decode(text, true); }

std::string fromEngineAsUtf8(std::string_view text) { return decode(text, false); }

std::string base64(std::string_view bytes, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    have += 8;
    for (; have >= 6; have -= 6) out += kAlphabet[(bits >> (have - 6)) & 0x3f];
  }
  if (have > 0) out += kAlphabet[(bits << (6 - have)) & 0x3f];
  while (padded && out.size() % 4 != 0) out += '=';
  return out;
}

bool unbase64(std::string_view text, bool padded, std::string& out) {
  out.clear();
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return false;
    ++digits;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>((bits >> have) & 0xff);
    }
  }
  if (digits % 4 == 1) return false;
  return padded ? padding == (4 - digits % 4) % 4 : padding == 0;
}

void appendJson(std::string& out, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!bytes.empty()) {
    const std::size_t length = sequenceLength(bytes);
    const char c = bytes.front();
    const auto byte = static_cast<unsigned char>(c);
    if (length == 0) {
      appendThree(out, kReplacement);
      bytes.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (length == 3 && (bytes.starts_with("\u2028") || bytes.starts_with("\u2029"))) {
      out += bytes.starts_with("\u2028") ? "\\u2028" : "\\u2029";
    } else {
      out.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(length);
  }
  out += '"';
}

}  // namespace tykpp::drivers::js
