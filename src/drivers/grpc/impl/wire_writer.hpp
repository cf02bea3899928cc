#pragma once
// Protobuf's wire format, appended to a text. Hook calls are written with it straight from the
// exchange: a message object would copy every header and both bodies first. Field numbers come from
// the generated classes, and the tests read back what is written here with them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::drivers::grpc {

/// Bytes of a number as a varint.
constexpr std::size_t varintSize(std::uint64_t value) noexcept {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

/// Bytes of a length-delimited field (field numbers up to 2047) with that much content.
constexpr std::size_t fieldSize(int field, std::size_t length) noexcept {
  return varintSize(static_cast<std::uint64_t>(field) << 3) + varintSize(length) + length;
}

class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  /// int32, int64, bool and enum fields.
  void number(int field, std::int64_t value) {
    tag(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  /// string, bytes and message fields; an empty one is left out, as proto3 does.
  void bytes(int field, std::string_view value) {
    if (value.empty()) return;
    head(field, value.size());
    out_ += value;
  }
  /// The beginning of a length-delimited field; its content follows.
  void head(int field, std::size_t length) {
    tag(field, 2);
    varint(length);
  }
  /// An entry of a `map<string, string>`.
  void pair(int field, std::string_view key, std::string_view value) {
    head(field, fieldSize(1, key.size()) + fieldSize(2, value.size()));
    head(1, key.size());
    out_ += key;
    head(2, value.size());
    out_ += value;
  }

 private:
  void tag(int field, unsigned type) { varint(static_cast<std::uint64_t>(field) << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  std::string& out_;
};

}  // namespace tykpp::drivers::grpc
