#include "storage/impl/redis_reply.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace tykpp::storage {
namespace {

struct FaultWord {
  std::string_view word;
  RedisFault fault;
};
constexpr std::array<FaultWord, 13> kFaultWords{{
    {"WRONGPASS", RedisFault::kWrongPassword},
    {"NOAUTH", RedisFault::kWrongPassword},
    {"ERR invalid password", RedisFault::kWrongPassword},  // before Redis 6
    {"ERR AUTH ", RedisFault::kWrongPassword},             // a password where none is set
    {"ERR Client sent AUTH", RedisFault::kWrongPassword},
    {"NOPERM", RedisFault::kNotAllowed},
    {"OOM", RedisFault::kOutOfMemory},
    {"READONLY", RedisFault::kReadOnly},
    {"LOADING", RedisFault::kLoading},
    {"BUSY", RedisFault::kLoading},
    {"MASTERDOWN", RedisFault::kClusterDown},
    {"CLUSTERDOWN", RedisFault::kClusterDown},
    {"MISCONF", RedisFault::kDiskError},
}};

}  // namespace

std::optional<std::int64_t> integerOf(const redisReply& reply) noexcept {
  if (reply.type == REDIS_REPLY_INTEGER) return reply.integer;
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return std::nullopt;
  const std::string_view text = textOf(reply);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void appendCommand(std::string& out, CommandWords words) {
  constexpr std::size_t kOnStack = 16;
  std::array<const char*, kOnStack> few_texts;
  std::array<std::size_t, kOnStack> few_sizes;
  std::vector<const char*> many_texts;
  std::vector<std::size_t> many_sizes;
  const char** texts = few_texts.data();
  std::size_t* sizes = few_sizes.data();
  if (words.size() > kOnStack) {
    many_texts.resize(words.size());
    many_sizes.resize(words.size());
    texts = many_texts.data();
    sizes = many_sizes.data();
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    texts[i] = words[i].data();
    sizes[i] = words[i].size();
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts, sizes);
  if (size < 0) return;
  out.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
}

Result<Reply> ReplyReader::next() {
  void* raw = nullptr;
  if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
    return Error(Errc::kIo, std::string("Redis: not the protocol: ") + reader_->errstr);
  }
  return Reply(static_cast<redisReply*>(raw));
}

void ReplyReader::reset() { reader_.reset(redisReaderCreate()); }

RedisFault faultOf(std::string_view error_text) noexcept {
  for (const FaultWord& entry : kFaultWords) {
    if (error_text.starts_with(entry.word)) return entry.fault;
  }
  return RedisFault::kNone;
}

const char* nameOf(RedisFault fault) noexcept {
  static constexpr std::array<const char*, static_cast<std::size_t>(RedisFault::kCount)> kNames{
      "none",      "unreachable", "timeout",      "wrong_password", "not_allowed", "out_of_memory",
      "read_only", "loading",     "cluster_down", "disk_error",     "protocol"};
  return kNames[static_cast<std::size_t>(fault)];
}

Error commandError(std::string_view error_text) {
  const bool type = error_text.starts_with("WRONGTYPE");
  return Error(type ? Errc::kBadRequest : Errc::kIo, "Redis: " + std::string(error_text));
}

}  // namespace tykpp::storage
