// What a server answers to one call: header fields, the message, the trailer's status.

#include <algorithm>
#include <charconv>
#include <cstring>

#include "drivers/grpc/impl/h2_session.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// Of all header blocks of an answer, counted as HTTP/2 does.
constexpr std::size_t kMaxHeaderBytes = 16U << 10;
constexpr std::size_t kFieldOverhead = 32;
/// Memory for an answer comes with its bytes, beyond this.
constexpr std::size_t kReserveAtMost = 64U << 10;

}  // namespace

void H2Session::fail(Slot& slot, StatusCode code, std::string text) {
  slot.rpc->status = {code, std::move(text)};
  reset(slot);
  end(slot, false);
}

void H2Session::header(Slot& slot, std::string_view name, std::string_view value) {
  Rpc::Progress& progress = slot.rpc->progress_;
  progress.header_bytes += name.size() + value.size() + kFieldOverhead;
  if (progress.header_bytes > kMaxHeaderBytes) {
    fail(slot, StatusCode::kResourceExhausted, "the header of the answer is too large");
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), progress.http_status);
  } else if (name == "content-type") {
    progress.grpc_content = value.starts_with("application/grpc");
  } else if (name == "grpc-status") {
    progress.has_status = true;
    progress.code = codeOf(value);
  } else if (name == "grpc-message") {
    progress.text = decodedMessage(value);
  }
}

/// Takes bytes of the prefix. @return false when the call has ended, or more bytes are needed
bool H2Session::readPrefix(Slot& slot, const unsigned char*& bytes, std::size_t& size) {
  Rpc::Progress& progress = slot.rpc->progress_;
  const std::size_t taken = std::min(size, kPrefixBytes - progress.prefix_bytes);
  std::memcpy(progress.prefix + progress.prefix_bytes, bytes, taken);
  progress.prefix_bytes = static_cast<std::uint8_t>(progress.prefix_bytes + taken);
  bytes += taken;
  size -= taken;
  if (progress.prefix_bytes < kPrefixBytes) return false;
  for (std::size_t i = 1; i < kPrefixBytes; ++i) {
    progress.expected = progress.expected << 8 | progress.prefix[i];
  }
  if (progress.prefix[0] != 0) {
    fail(slot, StatusCode::kUnimplemented, "the answer is compressed, which was not asked for");
    return false;
  }
  if (progress.expected > options_.max_reply) {
    fail(slot, StatusCode::kResourceExhausted,
         "Received message larger than max (" + std::to_string(progress.expected) + " vs. " +
             std::to_string(options_.max_reply) + ")");
    return false;
  }
  slot.rpc->reply.reserve(std::min(progress.expected, kReserveAtMost));
  return true;
}

void H2Session::data(Slot& slot, const unsigned char* bytes, std::size_t size) {
  Rpc& rpc = *slot.rpc;
  Rpc::Progress& progress = rpc.progress_;
  // Another answer than a call's may have a body (an error page of a proxy): it is skipped.
  if (!progress.grpc_content || progress.http_status != 200) return;
  if (progress.prefix_bytes < kPrefixBytes && !readPrefix(slot, bytes, size)) return;
  if (size > progress.expected - rpc.reply.size()) {
    fail(slot, StatusCode::kInternal, "the server sent more than one message");
    return;
  }
  if (size == 0) return;
  if (!owner_.take(rpc, size)) {
    fail(slot, StatusCode::kResourceExhausted, "the answers that wait need too much memory");
    return;
  }
  rpc.reply.append(reinterpret_cast<const char*>(bytes), size);
}

/// The server has ended the stream.
void H2Session::finished(Slot& slot) {
  Rpc& rpc = *slot.rpc;
  Rpc::Progress& progress = rpc.progress_;
  if (progress.has_status) {
    rpc.status = {progress.code, std::move(progress.text)};
    const bool whole =
        progress.prefix_bytes == kPrefixBytes && rpc.reply.size() == progress.expected;
    if (rpc.status.ok() && !whole) {
      rpc.status = {StatusCode::kInternal, "the server ended the call without a whole message"};
    }
  } else if (progress.http_status != 200) {
    rpc.status = {codeOfHttp(progress.http_status),
                  "the server answered with HTTP status " + std::to_string(progress.http_status)};
  } else {
    rpc.status = {StatusCode::kUnknown, progress.grpc_content
                                            ? "the server ended the call without grpc-status"
                                            : "the server's answer is none of gRPC"};
  }
  if (progress.sent < rpc.message.size()) reset(slot);  // it wants no more of the message
  end(slot, false);
}

}  // namespace tykpp::drivers::grpc
