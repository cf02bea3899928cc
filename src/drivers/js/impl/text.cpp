#include "drivers/js/impl/text.hpp"

#include <cstdint>

#include "base/text.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::uint32_t kFirstByteUnit = 0xdc80;  // stands for the byte 0x80
constexpr std::uint32_t kReplacement = 0xfffd;

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

}  // namespace

std::string toEngine(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    const std::size_t length = utf8SequenceLength(bytes);
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

void appendJson(std::string& out, std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  while (!bytes.empty()) {
    const std::size_t length = utf8SequenceLength(bytes);
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
