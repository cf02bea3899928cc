#include "storage/impl/embedded_counters.hpp"

#include <algorithm>
#include <utility>

namespace tykpp::storage {
namespace {

constexpr std::int64_t kDisorder = 10'000'000'000;  // ns

}  // namespace

void Counters::count(Counter& counter, std::int64_t period_ms, std::int64_t now_ms) {
  const bool lives = counter.exists && (counter.expires == 0 || counter.expires > now_ms);
  // Without an end although it should have one: counts as ended, as in the original.
  const bool endless = counter.expires == 0 && period_ms > 0;
  counter.used = true;
  if (lives && !endless) {
    ++counter.value;
    return;
  }
  counter.exists = true;
  counter.value = 1;
  counter.expires = period_ms > 0 ? now_ms + period_ms : 0;
}

void Counters::mark(Shard& shard, Map::value_type& entry) {
  if (entry.second.dirty || !entry.second.lasting) return;
  entry.second.dirty = true;
  shard.dirty.push_back(entry.first);
  if (!dirty_.exchange(true, std::memory_order_acq_rel) && on_dirty_) on_dirty_();
}

std::optional<StoredCounter> Counters::add(std::string_view key, std::int64_t period_ms,
                                           std::int64_t now_ms) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.counters.find(key);
  if (at == shard.counters.end()) return std::nullopt;
  Counter& counter = at->second;
  count(counter, period_ms, now_ms);
  mark(shard, *at);
  return StoredCounter{{}, counter.value, counter.expires, true};
}

StoredCounter Counters::addVolatile(std::string_view key, std::int64_t period_ms,
                                    std::int64_t now_ms) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  auto at = shard.counters.find(key);
  if (at == shard.counters.end()) {
    at = shard.counters.try_emplace(std::string(key)).first;
    at->second.lasting = false;
  }
  count(at->second, period_ms, now_ms);
  return {{}, at->second.value, at->second.expires, true};
}

std::optional<StoredCounter> Counters::peek(std::string_view key, std::int64_t now_ms) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.counters.find(key);
  if (at == shard.counters.end()) return std::nullopt;
  const Counter& counter = at->second;
  const bool lives = counter.exists && (counter.expires == 0 || counter.expires > now_ms);
  return StoredCounter{{}, lives ? counter.value : 0, counter.expires, lives};
}

bool Counters::remove(std::string_view key, std::int64_t now_ms) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.counters.find(key);
  if (at == shard.counters.end()) return false;
  Counter& counter = at->second;
  const bool lived = counter.exists && (counter.expires == 0 || counter.expires > now_ms);
  // It stays, known to be absent: a write of its old value may be under way.
  counter.exists = false;
  mark(shard, *at);
  return lived;
}

void Counters::load(const StoredCounter& counter) {
  Shard& shard = shardOf(counter.key);
  const std::lock_guard lock(shard.mutex);
  const auto [at, fresh] = shard.counters.try_emplace(counter.key);
  if (!fresh) return;
  at->second.value = counter.value;
  at->second.expires = counter.expires;
  at->second.exists = counter.exists;
}

std::vector<StoredCounter> Counters::takeDirty() {
  dirty_.store(false, std::memory_order_release);
  std::vector<StoredCounter> taken;
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (std::string& key : shard.dirty) {
      const auto at = shard.counters.find(key);
      if (at == shard.counters.end()) continue;
      at->second.dirty = false;
      taken.push_back({std::move(key), at->second.value, at->second.expires, at->second.exists});
    }
    shard.dirty.clear();
  }
  return taken;
}

void Counters::putBack(const std::vector<StoredCounter>& counters) {
  for (const StoredCounter& counter : counters) {
    Shard& shard = shardOf(counter.key);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.counters.find(counter.key);
    if (at != shard.counters.end()) mark(shard, *at);
  }
}

void Counters::sweep(std::int64_t now_ms) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    const bool many = shard.counters.size() > kept_each_;
    std::erase_if(shard.counters, [now_ms, many](const auto& entry) {
      const Counter& counter = entry.second;
      if (counter.dirty) return false;
      if (!counter.exists || (counter.expires > 0 && counter.expires <= now_ms)) return true;
      return many && counter.lasting && !std::exchange(counter.used, false);
    });
  }
}

SlidingLogStep SlidingLogs::add(std::string_view key, std::int64_t now_ns, std::int64_t per_ns,
                                std::int64_t limit) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  auto at = shard.logs.find(key);
  if (at == shard.logs.end()) at = shard.logs.try_emplace(std::string(key)).first;
  Log& log = at->second;
  log.per_ns = per_ns;
  std::deque<std::int64_t>& times = log.times;
  while (!times.empty() && times.front() <= now_ns - per_ns) times.pop_front();
  // Times well after now are left from before the clock was set back; they would block for as long.
  // Less than that is the order in which threads come by.
  while (!times.empty() && times.back() > now_ns + kDisorder) times.pop_back();
  SlidingLogStep step;
  step.before = static_cast<std::int64_t>(times.size());
  step.remaining = std::max<std::int64_t>(limit - step.before - 1, 0);
  step.reference_ns = now_ns;
  times.push_back(times.empty() ? now_ns : std::max(now_ns, times.back()));
  while (std::int64_t(times.size()) > std::max<std::int64_t>(limit, 1)) times.pop_front();
  if (limit > 0 && step.before >= limit) step.reference_ns = times.front();
  return step;
}

std::int64_t SlidingLogs::count(std::string_view key, std::int64_t now_ns, std::int64_t per_ns) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.logs.find(key);
  if (at == shard.logs.end()) return 0;
  const std::deque<std::int64_t>& times = at->second.times;
  return std::count_if(times.begin(), times.end(), [&](std::int64_t time) {
    return time > now_ns - per_ns && time <= now_ns + kDisorder;
  });
}

bool SlidingLogs::remove(std::string_view key) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.logs.find(key);
  if (at == shard.logs.end()) return false;
  shard.logs.erase(at);
  return true;
}

void SlidingLogs::sweep(std::int64_t now_ns) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::erase_if(shard.logs, [now_ns](const auto& entry) {
      const Log& log = entry.second;
      return log.times.empty() || log.times.back() <= now_ns - log.per_ns;
    });
  }
}

}  // namespace tykpp::storage
