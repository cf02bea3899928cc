#pragma once
// One unary call as HTTP/2 carries it: a message out, a message and a status back.

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/grpc/impl/status.hpp"

namespace tykpp::drivers::grpc {

/// Bytes before each message: a flag for compression, and the length.
constexpr std::size_t kPrefixBytes = 5;

/// Writes the prefix of a message that is not compressed.
inline void writePrefix(char* to, std::size_t length) noexcept {
  to[0] = 0;
  for (int i = 0; i < 4; ++i) to[1 + i] = static_cast<char>(length >> (24 - 8 * i));
}

/// Owned by whoever makes the call; a session knows it from start() to its end.
struct Rpc {
  std::string_view path;     ///< `/package.Service/Method`; a literal
  std::string message;       ///< prefix and message
  std::string_view timeout;  ///< `grpc-timeout`; read by start() alone

  std::string reply;  ///< the message that came
  Status status;

 private:
  friend class H2Session;
  struct Progress {
    void* slot = nullptr;           // the session's, while it is under way
    std::size_t sent = 0;           // of the message
    std::uint64_t begins_at = 0;    // bytes of the connection before the call's first
    std::size_t header_bytes = 0;   // of all blocks that came
    std::uint8_t prefix_bytes = 0;  // of the reply's prefix that came
    unsigned char prefix[kPrefixBytes] = {};
    std::size_t expected = 0;  // bytes of the reply
    int http_status = 0;
    bool begun = false;         // its first byte is on its way
    bool grpc_content = false;  // content-type says application/grpc
    bool has_status = false;    // grpc-status came
    StatusCode code = StatusCode::kOk;
    std::string text;  // grpc-message
  } progress_;
};

}  // namespace tykpp::drivers::grpc
