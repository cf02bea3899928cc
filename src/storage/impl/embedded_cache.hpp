#pragma once
// Values read lately, so that a hot key costs no way to the file's thread. Bounded by bytes; what
// was not asked for longest makes room.

#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tykpp::storage {

/// Thread: any for get(); only the file's thread puts and drops, so that what is here is what the
/// file has.
class ValueCache {
 public:
  explicit ValueCache(std::size_t bytes) : bytes_each_(bytes / kShards) {}
  std::optional<std::string> get(std::string_view key, std::int64_t now_ms);
  /// @param expires  unix milliseconds, 0 for good
  void put(const std::string& key, std::string value, std::int64_t expires);
  void drop(std::string_view key);

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kOverhead = 160;  // of an entry in list and index
  struct Entry {
    std::string key;
    std::string value;
    std::int64_t expires;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> entries;  // the one asked for last in front
    std::unordered_map<std::string_view, std::list<Entry>::iterator> index;
    std::size_t bytes = 0;
    void erase(std::list<Entry>::iterator at);
  };
  Shard& shardOf(std::string_view key) {
    return shards_[std::hash<std::string_view>{}(key) % kShards];
  }
  const std::size_t bytes_each_;
  std::array<Shard, kShards> shards_;
};

}  // namespace tykpp::storage
