#pragma once
// The protocol by hiredis: commands as bytes, bytes as replies, and what Redis' errors mean.

#include <hiredis/hiredis.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::storage {

struct ReplyDelete {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyDelete>;
using CommandWords = std::span<const std::string_view>;

inline std::string_view textOf(const redisReply& reply) noexcept { return {reply.str, reply.len}; }
inline std::string textCopy(const redisReply& reply) { return {reply.str, reply.len}; }
inline bool isError(const Reply& reply) noexcept { return reply->type == REDIS_REPLY_ERROR; }
/// Elements of an array; empty for anything else.
inline std::span<redisReply* const> elements(const redisReply& reply) noexcept {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.elements};
}
/// An integer, also when it comes as text.
std::optional<std::int64_t> integerOf(const redisReply& reply) noexcept;

/// Appends one command in wire form.
void appendCommand(std::string& out, CommandWords words);

/// Bytes in, replies out.
class ReplyReader {
 public:
  ReplyReader() { reset(); }
  void feed(const char* data, std::size_t size) { redisReaderFeed(reader_.get(), data, size); }
  /// The next whole reply, null when more bytes are needed. @error kIo  not the protocol
  Result<Reply> next();
  /// Forgets everything: a new connection.
  void reset();

 private:
  struct Delete {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, Delete> reader_;
};

/// What kind of trouble an error text of Redis tells of; each has one name in the log.
enum class RedisFault : std::uint8_t {
  kNone,
  kUnreachable,
  kTimeout,
  kWrongPassword,
  kNotAllowed,
  kOutOfMemory,
  kReadOnly,
  kLoading,
  kClusterDown,
  kDiskError,
  kProtocol,
  kCount
};
/// By the word in front; kNone for errors of the single command (a wrong type, say).
RedisFault faultOf(std::string_view error_text) noexcept;
/// For the log.
const char* nameOf(RedisFault fault) noexcept;
/// The error value for Redis' error text.
Error commandError(std::string_view error_text);

}  // namespace tykpp::storage
