#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace tykpp::analytics {

/// Appends fields of a proto3 message (Protocol Buffers encoding). Values that are the default of
/// their type are left out, as everybody does. The text that it writes to outlives it.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::string& out) noexcept : out_(out) {}

  /// int32, int64, uint32, bool and enumerations.
  void number(int field, std::int64_t value) {
    if (value == 0) return;
    tag(field, kVarint);
    varint(static_cast<std::uint64_t>(value));
  }
  void real(int field, double value) {
    auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits == 0) return;
    tag(field, kFixed64);
    for (int i = 0; i < 8; ++i, bits >>= 8) out_.push_back(static_cast<char>(bits & 0xff));
  }
  /// Readers refuse a whole message with text that is not UTF-8: what is none becomes U+FFFD.
  void text(int field, std::string_view value) {
    if (!value.empty()) element(field, value);
  }
  /// An element of a list, an empty one too.
  void element(int field, std::string_view value) {
    tag(field, kLength);
    if (isUtf8(value)) {
      varint(value.size());
      out_.append(value);
      return;
    }
    const std::string clean = repaired(value);
    varint(clean.size());
    out_.append(clean);
  }
  /// A message that is there even when it is empty. `write(ProtobufWriter&)` writes its fields.
  template <class Write>
  void message(int field, const Write& write) {
    std::string inner;
    ProtobufWriter writer(inner);
    write(writer);
    tag(field, kLength);
    varint(inner.size());
    out_.append(inner);
  }

 private:
  enum Wire { kVarint = 0, kFixed64 = 1, kLength = 2 };
  void tag(int field, Wire wire) {
    varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  static std::string repaired(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t size = utf8SequenceLength(text);
      out.append(size > 0 ? text.substr(0, size) : std::string_view("\xef\xbf\xbd"));
      text.remove_prefix(size > 0 ? size : 1);
    }
    return out;
  }

  std::string& out_;
};

}  // namespace tykpp::analytics
