#include "drivers/grpc/impl/status.hpp"

#include <charconv>
#include <iterator>

namespace tykpp::drivers::grpc {
namespace {

constexpr const char* kNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

int hexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

const char* codeName(StatusCode code) noexcept { return kNames[static_cast<std::size_t>(code)]; }

StatusCode codeOf(std::string_view grpc_status) noexcept {
  unsigned number = 0;
  const char* const end = grpc_status.data() + grpc_status.size();
  const auto [rest, error] = std::from_chars(grpc_status.data(), end, number);
  if (error != std::errc{} || rest != end || number >= std::size(kNames)) {
    return StatusCode::kUnknown;
  }
  return static_cast<StatusCode>(number);
}

StatusCode codeOfHttp(int http_status) noexcept {
  switch (http_status) {
    case 400:
      return StatusCode::kInternal;
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kUnknown;
  }
}

StatusCode codeOfReset(std::uint32_t http2_error) noexcept {
  switch (http2_error) {
    case 7:  // REFUSED_STREAM
      return StatusCode::kUnavailable;
    case 8:  // CANCEL
      return StatusCode::kCancelled;
    case 11:  // ENHANCE_YOUR_CALM
      return StatusCode::kResourceExhausted;
    case 12:  // INADEQUATE_SECURITY
      return StatusCode::kPermissionDenied;
    default:
      return StatusCode::kInternal;
  }
}

std::string decodedMessage(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 &&
                       hexDigit(text[i + 2]) >= 0;
    if (coded) {
      plain.push_back(static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2])));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

std::string_view timeoutText(std::int64_t milliseconds, char (&buffer)[16]) noexcept {
  constexpr std::int64_t kMost = 99'999'999;
  std::int64_t value = milliseconds > 0 ? milliseconds : 1;
  char unit = 'm';
  if (value > kMost) {
    value = value / 1000 > kMost ? kMost : value / 1000;
    unit = 'S';
  }
  char* const end = std::to_chars(buffer, buffer + sizeof buffer - 1, value).ptr;
  *end = unit;
  return {buffer, static_cast<std::size_t>(end + 1 - buffer)};
}

}  // namespace tykpp::drivers::grpc
