#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::analytics {

/// Appends MessagePack values, each in its shortest form. The text that it writes to outlives it.
/// Strings are written as text whatever their bytes are.
class MsgPackWriter {
 public:
  explicit MsgPackWriter(std::string& out) noexcept : out_(out) {}

  void nil() { byte(0xc0); }
  void flag(bool value) { byte(value ? 0xc3 : 0xc2); }
  void number(std::int64_t value) {
    if (value >= 0) return unsignedNumber(static_cast<std::uint64_t>(value));
    if (value >= -32) return byte(static_cast<std::uint8_t>(value));
    if (value >= INT8_MIN) return tagged(0xd0, static_cast<std::uint8_t>(value));
    if (value >= INT16_MIN) return tagged(0xd1, static_cast<std::uint16_t>(value));
    if (value >= INT32_MIN) return tagged(0xd2, static_cast<std::uint32_t>(value));
    tagged(0xd3, static_cast<std::uint64_t>(value));
  }
  void unsignedNumber(std::uint64_t value) {
    if (value < 0x80) return byte(static_cast<std::uint8_t>(value));
    if (value <= UINT8_MAX) return tagged(0xcc, static_cast<std::uint8_t>(value));
    if (value <= UINT16_MAX) return tagged(0xcd, static_cast<std::uint16_t>(value));
    if (value <= UINT32_MAX) return tagged(0xce, static_cast<std::uint32_t>(value));
    tagged(0xcf, value);
  }
  void real(double value) { tagged(0xcb, std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    if (value.size() < 32) {
      byte(static_cast<std::uint8_t>(0xa0 | value.size()));
    } else {
      sized(0xd9, value.size());
    }
    out_.append(value);
  }
  /// So many values follow.
  void array(std::size_t count) { collection(0x90, 0xdc, count); }
  /// So many pairs of name and value follow.
  void map(std::size_t count) { collection(0x80, 0xde, count); }

 private:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  template <class Int>
  void tagged(std::uint8_t tag, Int value) {
    char bytes[1 + sizeof value];
    bytes[0] = static_cast<char>(tag);
    for (std::size_t i = sizeof value; i > 0; --i) {
      bytes[i] = static_cast<char>(value & 0xff);
      if constexpr (sizeof value > 1) value = static_cast<Int>(value >> 8);
    }
    out_.append(bytes, sizeof bytes);
  }
  /// `tag` for lengths of one byte, the two behind it for two and four.
  void sized(std::uint8_t tag, std::size_t size) {
    if (size <= UINT8_MAX) return tagged(tag, static_cast<std::uint8_t>(size));
    if (size <= UINT16_MAX)
      return tagged(static_cast<std::uint8_t>(tag + 1), static_cast<std::uint16_t>(size));
    tagged(static_cast<std::uint8_t>(tag + 2), static_cast<std::uint32_t>(size));
  }
  void collection(std::uint8_t small, std::uint8_t tag, std::size_t count) {
    if (count < 16) return byte(static_cast<std::uint8_t>(small | count));
    if (count <= UINT16_MAX) return tagged(tag, static_cast<std::uint16_t>(count));
    tagged(static_cast<std::uint8_t>(tag + 1), static_cast<std::uint32_t>(count));
  }

  std::string& out_;
};

}  // namespace tykpp::analytics
