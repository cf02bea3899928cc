#include "storage/impl/redis_client.hpp"

#include <array>
#include <utility>

#include "storage/impl/gather.hpp"

namespace tykpp::storage {
namespace {

constexpr std::size_t kScanCount = 1000;

/// A prefix as a pattern of SCAN: what is special there is taken literally.
std::string patternOf(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

}  // namespace

RedisClient::RedisClient(net::Loop& loop, std::shared_ptr<RedisShared> shared)
    : loop_(loop), shared_(std::move(shared)), router_(makeRedisRouter(loop, shared_)) {}

RedisClient::~RedisClient() {
  *open_ = false;
  router_->stop();
}

net::Task<Result<Reply>> RedisClient::run(CommandWords words, bool repeatable) {
  return router_->run(words, words[1], repeatable);
}

StoreTask<std::optional<std::string>> RedisClient::get(View key) {
  const std::array words{View("GET"), key};
  const Result<Reply> reply = co_await run(words, true);
  co_return asText(reply);
}

StoreTask<std::vector<std::optional<std::string>>> RedisClient::getMany(Words keys) {
  if (keys.empty()) co_return std::vector<std::optional<std::string>>{};
  if (router_->splitsKeys()) co_return co_await getEach(keys);
  std::vector<View> words{"MGET"};
  words.insert(words.end(), keys.begin(), keys.end());
  const Result<Reply> reply = co_await run(words, true);
  if (!reply) co_return reply.error();
  if (isError(*reply)) co_return commandError(textOf(**reply));
  std::vector<std::optional<std::string>> values;
  for (const redisReply* part : elements(**reply)) {
    // Keys of other types read as missing, as MGET does.
    values.emplace_back();
    if (part->type == REDIS_REPLY_STRING) values.back() = textCopy(*part);
  }
  co_return values;
}

StoreTask<std::vector<std::optional<std::string>>> RedisClient::getEach(Words keys) {
  Gather<std::optional<std::string>> gather;
  for (const std::string& key : keys) gather.add(get(key));
  std::vector<Result<std::optional<std::string>>> parts = co_await gather;
  std::vector<std::optional<std::string>> values;
  for (auto& part : parts) {
    if (part) {
      values.push_back(std::move(*part));
    } else if (part.error().code() == Errc::kBadRequest) {
      values.emplace_back();
    } else {
      co_return part.error();
    }
  }
  co_return values;
}

StoreTask<bool> RedisClient::set(View key, View value, Seconds ttl, SetIf condition) {
  const std::string seconds = std::to_string(ttl.count());
  std::array<View, 6> words{"SET", key, value};
  std::size_t count = 3;
  if (ttl.count() > 0) {
    words[count++] = "EX";
    words[count++] = seconds;
  }
  if (condition != SetIf::kAlways) words[count++] = condition == SetIf::kAbsent ? "NX" : "XX";
  const CommandWords command(words.data(), count);
  const Result<Reply> reply = co_await run(command, false);
  const auto text = asText(reply);  // nothing: the condition was not met
  if (!text) co_return text.error();
  co_return text->has_value();
}

StoreTask<std::int64_t> RedisClient::remove(Words keys) {
  if (keys.empty()) co_return std::int64_t{0};
  if (!router_->splitsKeys()) co_return co_await manyWords("DEL", {}, keys);
  Gather<std::int64_t> gather;
  for (std::size_t i = 0; i < keys.size(); ++i)
    gather.add(manyWords("DEL", {}, keys.subspan(i, 1)));
  std::vector<Result<std::int64_t>> parts = co_await gather;
  std::int64_t total = 0;
  for (const auto& part : parts) {
    if (!part) co_return part.error();
    total += *part;
  }
  co_return total;
}

/// `command [key] word…`, answered by a number.
StoreTask<std::int64_t> RedisClient::manyWords(View command, View key, Words given) {
  if (given.empty()) co_return std::int64_t{0};
  std::vector<View> words{command};
  if (!key.empty()) words.push_back(key);
  words.insert(words.end(), given.begin(), given.end());
  const Result<Reply> reply = co_await run(words, false);
  co_return asInteger(reply);
}

StoreTask<Lifetime> RedisClient::lifetime(View key) {
  const std::array words{View("PTTL"), key};
  const Result<Reply> reply = co_await run(words, true);
  const auto left = asInteger(reply);
  if (!left) co_return left.error();
  co_return Lifetime{*left != -2, std::chrono::milliseconds(*left < 0 ? -1 : *left)};
}

StoreTask<bool> RedisClient::exists(View key) {
  const std::array words{View("EXISTS"), key};
  const Result<Reply> reply = co_await run(words, true);
  co_return asFlag(reply);
}

StoreTask<bool> RedisClient::expire(View key, Seconds ttl) {
  const std::string seconds = std::to_string(ttl.count());
  const std::array lasting{View("PERSIST"), key};
  const std::array ending{View("EXPIRE"), key, View(seconds)};
  if (ttl.count() > 0) {
    const Result<Reply> reply = co_await run(ending, false);
    co_return asFlag(reply);
  }
  const Result<Reply> reply = co_await run(lasting, false);
  if (const auto done = asFlag(reply); !done || *done) co_return done;
  co_return co_await exists(key);  // PERSIST says 0 for a key that had no end, too
}

StoreTask<std::int64_t> RedisClient::increment(View key) {
  const std::array words{View("INCR"), key};
  const Result<Reply> reply = co_await run(words, false);
  co_return asInteger(reply);
}

/// `from` is `<number of the master>:<cursor of SCAN>`.
StoreTask<KeyPage> RedisClient::scan(View prefix, View from) {
  std::size_t master = 0;
  std::string cursor = "0";
  if (const std::size_t colon = from.find(':'); colon != View::npos) {
    master = static_cast<std::size_t>(std::strtoull(from.data(), nullptr, 10));
    cursor = from.substr(colon + 1);
  }
  const std::string pattern = patternOf(prefix);
  const std::string count = std::to_string(kScanCount);
  const std::array<View, 6> words{"SCAN", cursor, "MATCH", pattern, "COUNT", count};
  const Result<Reply> reply = co_await router_->runAt(master, words);
  if (!reply) co_return reply.error();
  if (isError(*reply)) co_return commandError(textOf(**reply));
  const auto parts = elements(**reply);
  if (parts.size() != 2) co_return Error(Errc::kIo, "Redis: a reply of an unexpected kind");
  KeyPage page;
  for (const redisReply* key : elements(*parts[1])) page.keys.push_back(textCopy(*key));
  std::string next = textCopy(*parts[0]);
  const bool through = next == "0";
  if (through) ++master;
  if (!through || master < router_->masters()) page.next = std::to_string(master) + ":" + next;
  co_return page;
}

StoreTask<std::int64_t> RedisClient::push(View key, Words values) {
  return manyWords("RPUSH", key, values);
}

StoreTask<Texts> RedisClient::range(View key, std::int64_t first, std::int64_t last) {
  const std::string from = std::to_string(first);
  const std::string to = std::to_string(last);
  const std::array<View, 4> words{"LRANGE", key, from, to};
  const Result<Reply> reply = co_await run(words, true);
  co_return asTexts(reply);
}

StoreTask<std::int64_t> RedisClient::removeItem(View key, View value) {
  const std::array<View, 4> words{"LREM", key, "0", value};
  const Result<Reply> reply = co_await run(words, false);
  co_return asInteger(reply);
}

StoreTask<std::int64_t> RedisClient::addMembers(View key, Words members) {
  return manyWords("SADD", key, members);
}
StoreTask<std::int64_t> RedisClient::removeMembers(View key, Words members) {
  return manyWords("SREM", key, members);
}

StoreTask<Texts> RedisClient::members(View key) {
  const std::array words{View("SMEMBERS"), key};
  const Result<Reply> reply = co_await run(words, true);
  co_return asTexts(reply);
}

StoreTask<bool> RedisClient::addScored(View key, View member, double score) {
  const std::string text = scoreText(score);
  const std::array<View, 4> words{"ZADD", key, text, member};
  const Result<Reply> reply = co_await run(words, false);
  co_return asFlag(reply);
}
StoreTask<std::int64_t> RedisClient::removeScored(View key, Words members) {
  return manyWords("ZREM", key, members);
}

StoreTask<std::int64_t> RedisClient::removeByScore(View key, double low, double high) {
  const std::string from = scoreText(low);
  const std::string to = scoreText(high);
  const std::array<View, 4> words{"ZREMRANGEBYSCORE", key, from, to};
  const Result<Reply> reply = co_await run(words, false);
  co_return asInteger(reply);
}

StoreTask<std::vector<Scored>> RedisClient::rangeScored(View key, std::int64_t first,
                                                        std::int64_t last) {
  const std::string from = std::to_string(first);
  const std::string to = std::to_string(last);
  const std::array<View, 5> words{"ZRANGE", key, from, to, "WITHSCORES"};
  const Result<Reply> reply = co_await run(words, true);
  co_return asScored(reply);
}

StoreTask<std::vector<Scored>> RedisClient::rangeByScore(View key, double low, double high) {
  const std::string from = scoreText(low);
  const std::string to = scoreText(high);
  const std::array<View, 5> words{"ZRANGEBYSCORE", key, from, to, "WITHSCORES"};
  const Result<Reply> reply = co_await run(words, true);
  co_return asScored(reply);
}

StoreTask<Fields> RedisClient::fields(View key) {
  const std::array words{View("HGETALL"), key};
  const Result<Reply> reply = co_await run(words, true);
  Result<Texts> texts = asTexts(reply);
  if (!texts) co_return texts.error();
  Fields fields;
  for (std::size_t i = 0; i + 1 < texts->size(); i += 2) {
    fields.emplace_back(std::move((*texts)[i]), std::move((*texts)[i + 1]));
  }
  co_return fields;
}

}  // namespace tykpp::storage
