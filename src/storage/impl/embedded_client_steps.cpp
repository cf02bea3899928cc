// Limiter steps and messages of the embedded client.
#include <utility>

#include "storage/impl/embedded_client.hpp"
#include "storage/impl/embedded_waiting.hpp"

namespace tykpp::storage {
namespace {

/// A counter may be dropped from memory between its loading and its use; more often than once in a
/// row means that something is wrong.
constexpr int kLoads = 3;
/// Windows shorter than this are not worth a write: a restart takes about as long.
constexpr auto kLastingWindow = std::chrono::seconds(10);

}  // namespace

StoreTask<bool> EmbeddedClient::loadCounter(View key) {
  Action<bool> action = [name = std::string(key)](Work& work) -> Result<bool> {
    Query query(work.database, "SELECT value, expires FROM counter WHERE key = ?1");
    StoredCounter counter{name, 0, 0, false};
    if (query.bytes(1, name).step()) {
      counter.value = query.number(0);
      counter.expires = query.number(1);
      counter.exists = counter.expires == 0 || counter.expires > work.now_ms;
    }
    if (work.database.failure() != SQLITE_OK) return false;
    work.counters.load(counter);
    return true;
  };
  return perform(false, std::move(action));
}

StoreTask<StoredCounter> EmbeddedClient::count(View key, std::chrono::milliseconds period) {
  for (int turn = 0; turn < kLoads; ++turn) {
    auto counter = engine_.counters().add(key, period.count(), engine_.clock().nowMs());
    if (counter) co_return std::move(*counter);
    const Result<bool> loaded = co_await loadCounter(key);
    if (!loaded) co_return loaded.error();
  }
  co_return Error(Errc::kInternal, "embedded store: the counter does not stay in memory");
}

StoreTask<QuotaStep> EmbeddedClient::quotaStep(View key, std::int64_t max, Seconds renewal) {
  const std::int64_t period = renewal.count() > 0 ? renewal.count() * 1000 : 0;
  std::int64_t now = engine_.clock().nowMs();
  // The common case without another coroutine: the counter is in memory.
  std::optional<StoredCounter> counter = engine_.counters().add(key, period, now);
  if (!counter) {
    Result<StoredCounter> loaded = co_await count(key, std::chrono::milliseconds(period));
    if (!loaded) co_return loaded.error();
    counter = std::move(*loaded);
    now = engine_.clock().nowMs();
  }
  QuotaStep step;
  step.used = counter->value;
  if (counter->expires > 0) step.left = std::chrono::milliseconds(counter->expires - now);
  step.blocked = step.used - 1 >= max;
  step.remaining = step.blocked ? 0 : max - step.used;
  co_return step;
}

StoreTask<QuotaCount> EmbeddedClient::quotaPeek(View key) {
  for (int turn = 0; turn < kLoads; ++turn) {
    const std::int64_t now = engine_.clock().nowMs();
    if (const auto counter = engine_.counters().peek(key, now)) {
      QuotaCount answer{counter->exists, counter->value, std::chrono::milliseconds(-1)};
      if (counter->exists && counter->expires > 0) {
        answer.left = std::chrono::milliseconds(counter->expires - now);
      }
      co_return answer;
    }
    const Result<bool> loaded = co_await loadCounter(key);
    if (!loaded) co_return loaded.error();
  }
  co_return Error(Errc::kInternal, "embedded store: the counter does not stay in memory");
}

StoreTask<SlidingLogStep> EmbeddedClient::slidingLog(View key, std::int64_t now_ns,
                                                     std::chrono::nanoseconds per,
                                                     std::int64_t limit) {
  co_return engine_.logs().add(key, now_ns, per.count(), limit);
}

StoreTask<std::int64_t> EmbeddedClient::slidingLogCount(View key, std::int64_t now_ns,
                                                        std::chrono::nanoseconds per) {
  co_return engine_.logs().count(key, now_ns, per.count());
}

StoreTask<FixedWindowStep> EmbeddedClient::fixedWindow(View key, std::int64_t now_ns,
                                                       std::chrono::nanoseconds per) {
  const std::int64_t start = fixedWindowStart(now_ns, per);
  FixedWindowStep step;
  step.left = std::chrono::nanoseconds(start + per.count() - now_ns);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(step.left);
  std::string name(key);
  name.append("/").append(std::to_string(start));
  if (per < kLastingWindow) {
    const std::int64_t now = engine_.clock().nowMs();
    step.count = engine_.counters().addVolatile(name, left.count(), now).value;
    co_return step;
  }
  const Result<StoredCounter> counter = co_await count(name, left);
  if (!counter) co_return counter.error();
  step.count = counter->value;
  co_return step;
}

StoreTask<bool> EmbeddedClient::flagged(View key) {
  const auto counter = engine_.counters().peek(key, engine_.clock().nowMs());
  co_return counter && counter->exists;
}

StoreTask<bool> EmbeddedClient::flag(View key, Seconds ttl) {
  const std::int64_t now = engine_.clock().nowMs();
  const std::int64_t period = ttl.count() > 0 ? ttl.count() * 1000 : 0;
  co_return engine_.counters().addVolatile(key, period, now).value == 1;
}

StoreTask<std::int64_t> EmbeddedClient::publish(View channel, View message) {
  co_return channels_->publish(channel, message);
}

std::unique_ptr<Subscription> EmbeddedClient::subscribe(std::string channel,
                                                        Subscriber subscriber) {
  return LocalChannels::subscribe(channels_, loop_, std::move(channel), std::move(subscriber));
}

}  // namespace tykpp::storage
