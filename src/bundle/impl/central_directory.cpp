#include "bundle/impl/central_directory.hpp"

#include <algorithm>
#include <cstdint>

namespace tykpp::bundle {
namespace {

// APPNOTE.TXT 4.3.12 and 4.3.16: fixed parts of a directory entry and of the end record.
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kMaxComment = 0xffff;
constexpr std::string_view kEntryMark = "PK\x01\x02";
constexpr std::string_view kEndMark = "PK\x05\x06";

Error bad(const char* why) { return {Errc::kBadPlugin, why}; }

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; --i)
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

/// Where the end record begins: the last place whose comment reaches exactly to the end.
std::size_t findEnd(std::string_view bytes) {
  if (bytes.size() < kEndBytes) return std::string_view::npos;
  const std::size_t last = bytes.size() - kEndBytes;
  const std::size_t first = last - std::min(last, kMaxComment);
  for (std::size_t at = last + 1; at-- > first;) {
    if (bytes.substr(at, 4) == kEndMark && number(bytes, at + 20, 2) == last - at) return at;
  }
  return std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string_view>> namesInDirectory(std::string_view bytes) {
  const std::size_t end = findEnd(bytes);
  if (end == std::string_view::npos) return bad("zip: not a valid zip file");
  const std::uint32_t count = number(bytes, end + 10, 2);
  std::size_t at = number(bytes, end + 16, 4);
  if (count == 0xffff || at == 0xffffffff) return bad("zip: 64-bit archives are not supported");
  std::vector<std::string_view> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (at > end || end - at < kEntryBytes || bytes.substr(at, 4) != kEntryMark)
      return bad("zip: the archive's directory is damaged");
    const std::size_t name = number(bytes, at + 28, 2);
    const std::size_t rest = number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
    if (end - at - kEntryBytes < name + rest) return bad("zip: the archive's directory is damaged");
    names.push_back(bytes.substr(at + kEntryBytes, name));
    at += kEntryBytes + name + rest;
  }
  return names;
}

}  // namespace tykpp::bundle
