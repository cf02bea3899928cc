#include "storage/impl/embedded_cache.hpp"

#include <utility>

namespace tykpp::storage {

void ValueCache::Shard::erase(std::list<Entry>::iterator at) {
  bytes -= at->key.size() + at->value.size() + kOverhead;
  index.erase(at->key);
  entries.erase(at);
}

std::optional<std::string> ValueCache::get(std::string_view key, std::int64_t now_ms) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(key);
  if (found == shard.index.end()) return std::nullopt;
  const auto at = found->second;
  if (at->expires > 0 && at->expires <= now_ms) {
    shard.erase(at);
    return std::nullopt;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, at);
  return at->value;
}

void ValueCache::put(const std::string& key, std::string value, std::int64_t expires) {
  const std::size_t size = key.size() + value.size() + kOverhead;
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.index.find(key); found != shard.index.end()) {
    shard.erase(found->second);
  }
  if (size > bytes_each_ / 4) return;
  while (shard.bytes + size > bytes_each_) shard.erase(std::prev(shard.entries.end()));
  shard.entries.push_front({key, std::move(value), expires});
  shard.index.emplace(shard.entries.front().key, shard.entries.begin());
  shard.bytes += size;
}

void ValueCache::drop(std::string_view key) {
  Shard& shard = shardOf(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.index.find(key); found != shard.index.end()) {
    shard.erase(found->second);
  }
}

}  // namespace tykpp::storage
