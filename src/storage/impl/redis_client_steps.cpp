// Scripts, limiter steps and messages of the Redis client.
#include <array>
#include <random>
#include <utility>

#include "storage/impl/redis_client.hpp"

namespace tykpp::storage {
namespace {

constexpr int kLockTries = 32;  // as the original tries for its lock

/// How long the original waits between two tries for a lock: 50 to 250 ms.
std::chrono::milliseconds lockPause() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(50 + random() % 200);
}

}  // namespace

net::Task<Result<Reply>> RedisClient::runScript(const RedisScript& script, View key, View second,
                                                CommandWords arguments) {
  const std::size_t keys = second.empty() ? 1 : 2;
  std::vector<View> words{"EVALSHA", script.sha, keys == 1 ? View("1") : View("2"), key};
  if (keys == 2) words.push_back(second);
  words.insert(words.end(), arguments.begin(), arguments.end());
  Result<Reply> reply = co_await router_->run(words, key, false);
  if (reply && isError(*reply) && textOf(**reply).starts_with("NOSCRIPT")) {
    // The server has not seen it since its start. Nothing was executed, so EVAL repeats nothing.
    words[0] = "EVAL";
    words[1] = script.text;
    reply = co_await router_->run(words, key, false);
  }
  co_return reply;
}

StoreTask<bool> RedisClient::removeIfEquals(View key, View value) {
  const Result<Reply> reply = co_await runScript(unlockScript(), key, {}, {&value, 1});
  co_return asFlag(reply);
}

StoreTask<bool> RedisClient::setFields(View key, const Fields& fields, Seconds ttl) {
  if (fields.empty()) co_return true;
  const std::string seconds = std::to_string(ttl.count() > 0 ? ttl.count() : 0);
  std::vector<View> words{seconds};
  for (const auto& [name, value] : fields) {
    words.emplace_back(name);
    words.emplace_back(value);
  }
  const Result<Reply> reply = co_await runScript(setFieldsScript(), key, {}, words);
  co_return asFlag(reply);
}

StoreTask<QuotaStep> RedisClient::quotaStep(View key, std::int64_t max, Seconds renewal) {
  std::string lock;
  if (!router_->splitsKeys()) lock.append(key).append("-lock");
  const std::string seconds = std::to_string(renewal.count());
  net::Loop& loop = loop_;
  const std::shared_ptr<bool> open = open_;
  for (int turn = 1;; ++turn) {
    const View forced = turn > kLockTries ? "1" : "0";
    const std::array arguments{View(seconds), forced};
    const Result<Reply> reply = co_await runScript(quotaScript(), key, lock, arguments);
    if (!reply) co_return reply.error();
    if (isError(*reply)) co_return commandError(textOf(**reply));
    const auto parts = elements(**reply);
    if (parts.size() != 2) co_return Error(Errc::kIo, "Redis: a reply of an unexpected kind");
    QuotaStep step;
    step.used = integerOf(*parts[0]).value_or(0);
    if (step.used < 0 && turn <= kLockTries) {  // an original gateway starts a new period
      const auto time = lockPause();
      Pause pause(loop);
      co_await pause.wait(time);
      if (!*open) co_return Error(Errc::kShuttingDown, "Redis: the client is closed");
      continue;
    }
    const std::int64_t left = integerOf(*parts[1]).value_or(-1);
    step.left = std::chrono::milliseconds(left < 0 ? -1 : left);
    step.blocked = step.used - 1 >= max;
    step.remaining = step.blocked ? 0 : max - step.used;
    co_return step;
  }
}

StoreTask<QuotaCount> RedisClient::quotaPeek(View key) {
  const Result<Reply> reply = co_await runScript(peekScript(), key, {}, {});
  if (!reply) co_return reply.error();
  if (isError(*reply)) co_return commandError(textOf(**reply));
  const auto parts = elements(**reply);
  if (parts.size() != 2) co_return Error(Errc::kIo, "Redis: a reply of an unexpected kind");
  QuotaCount count;
  count.exists = parts[0]->type == REDIS_REPLY_STRING;
  count.used = integerOf(*parts[0]).value_or(0);
  const std::int64_t left = integerOf(*parts[1]).value_or(-1);
  count.left = std::chrono::milliseconds(left < 0 ? -1 : left);
  co_return count;
}

StoreTask<SlidingLogStep> RedisClient::slidingLog(View key, std::int64_t now_ns,
                                                  std::chrono::nanoseconds per,
                                                  std::int64_t limit) {
  const std::string now = std::to_string(now_ns);
  const std::string start = std::to_string(now_ns - per.count());
  const std::string allowed = std::to_string(limit);
  const std::string millis =
      std::to_string(std::chrono::ceil<std::chrono::milliseconds>(per).count());
  const std::array<View, 4> arguments{now, start, allowed, millis};
  const Result<Reply> reply = co_await runScript(slidingLogScript(), key, {}, arguments);
  if (!reply) co_return reply.error();
  if (isError(*reply)) co_return commandError(textOf(**reply));
  const auto parts = elements(**reply);
  if (parts.size() != 3) co_return Error(Errc::kIo, "Redis: a reply of an unexpected kind");
  SlidingLogStep step;
  step.before = integerOf(*parts[0]).value_or(0);
  step.remaining = integerOf(*parts[1]).value_or(0);
  step.reference_ns = integerOf(*parts[2]).value_or(now_ns);
  co_return step;
}

StoreTask<std::int64_t> RedisClient::slidingLogCount(View key, std::int64_t now_ns,
                                                     std::chrono::nanoseconds per) {
  // Behind the window's start: the script drops what stands on it.
  const std::string start = "(" + std::to_string(now_ns - per.count());
  const std::array words{View("ZCOUNT"), key, View(start), View("+inf")};
  const Result<Reply> reply = co_await run(words, true);
  co_return asInteger(reply);
}

StoreTask<FixedWindowStep> RedisClient::fixedWindow(View key, std::int64_t now_ns,
                                                    std::chrono::nanoseconds per) {
  const std::int64_t start = fixedWindowStart(now_ns, per);
  FixedWindowStep step;
  step.left = std::chrono::nanoseconds(start + per.count() - now_ns);
  std::string name(key);
  name.append("/").append(std::to_string(start));
  const std::string millis =
      std::to_string(std::chrono::ceil<std::chrono::milliseconds>(step.left).count());
  const View argument = millis;
  const Result<Reply> reply = co_await runScript(fixedWindowScript(), name, {}, {&argument, 1});
  const auto count = asInteger(reply);
  if (!count) co_return count.error();
  step.count = *count;
  co_return step;
}

StoreTask<bool> RedisClient::flagged(View key) {
  const std::array words{View("PTTL"), key};
  const Result<Reply> reply = co_await run(words, true);
  const auto left = asInteger(reply);
  if (!left) co_return left.error();
  co_return *left > 0;
}

StoreTask<bool> RedisClient::flag(View key, Seconds ttl) {
  return set(key, "1", ttl, SetIf::kAbsent);
}

StoreTask<std::int64_t> RedisClient::publish(View channel, View message) {
  const std::array words{View("PUBLISH"), channel, message};
  const Result<Reply> reply = co_await router_->run(words, {}, false);
  co_return asInteger(reply);
}

std::unique_ptr<Subscription> RedisClient::subscribe(std::string channel, Subscriber subscriber) {
  return makeRedisSubscription(loop_, shared_, router_->connector(), std::move(channel),
                               std::move(subscriber));
}

}  // namespace tykpp::storage
