#pragma once
// How a call ended: gRPC's codes, and what of HTTP/2 stands for them.

#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::drivers::grpc {

/// The numbers of the protocol.
enum class StatusCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kDeadlineExceeded = 4,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kUnauthenticated = 16,
};

struct Status {
  StatusCode code = StatusCode::kOk;
  std::string message;
  bool ok() const noexcept { return code == StatusCode::kOk; }
};

/// `UNAVAILABLE` and so on.
const char* codeName(StatusCode code) noexcept;
/// The value of `grpc-status`; what is no code of the protocol is UNKNOWN.
StatusCode codeOf(std::string_view grpc_status) noexcept;
/// For an answer without `grpc-status`. Source: gRPC's "HTTP to gRPC status code mapping"
StatusCode codeOfHttp(int http_status) noexcept;
/// For a stream that the server reset. Source: "PROTOCOL-HTTP2", section "Errors"
StatusCode codeOfReset(std::uint32_t http2_error) noexcept;
/// `grpc-message` without its percent-encoding; what is no encoding stays.
std::string decodedMessage(std::string_view text);
/// The value of `grpc-timeout`: at most eight digits and a unit; what is over already is `1m`.
std::string_view timeoutText(std::int64_t milliseconds, char (&buffer)[16]) noexcept;

}  // namespace tykpp::drivers::grpc
