#pragma once
// Counters and logs of limiters in this process's memory, shared by all loops: a step is a short
// lock on one of many shards. Counters of quotas and of long windows are written behind by the
// file's thread; what is not in memory is read from the file first.

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/limiter_steps.hpp"

namespace tykpp::storage {

/// A counter as the file has it.
struct StoredCounter {
  std::string key;
  std::int64_t value = 0;
  std::int64_t expires = 0;  ///< unix milliseconds; 0 for good
  bool exists = false;       ///< false: its row is to go
};

/// Thread: any; load(), takeDirty(), putBack() and sweep() belong to the file's thread.
class Counters {
 public:
  explicit Counters(std::size_t kept) : kept_each_(kept / kShards + 1) {}

  /// Adds one; starts at 1 with an end `period_ms` from now when there is none, when its end has
  /// passed, or when it has no end although there is a period. @param period_ms  0: without an end
  /// @return nothing: the counter must be load()ed first
  std::optional<StoredCounter> add(std::string_view key, std::int64_t period_ms,
                                   std::int64_t now_ms);
  /// The same for what need not survive: never loaded, never written.
  StoredCounter addVolatile(std::string_view key, std::int64_t period_ms, std::int64_t now_ms);
  /// @return nothing: not in memory. A counter that is known to be absent has `exists` false.
  std::optional<StoredCounter> peek(std::string_view key, std::int64_t now_ms);
  /// Forgets it; the row must go as well. @return whether it counted
  bool remove(std::string_view key, std::int64_t now_ms);

  /// What the file says, unless memory knows better.
  void load(const StoredCounter& counter);
  /// All that changed since the last call.
  std::vector<StoredCounter> takeDirty();
  /// They could not be written: the next takeDirty() has them again.
  void putBack(const std::vector<StoredCounter>& counters);
  /// Drops what has ended, and what was written and not used lately while there are too many.
  void sweep(std::int64_t now_ms);
  bool dirty() const noexcept { return dirty_.load(std::memory_order_acquire); }
  /// Called, on the counting thread, when the first counter changes after takeDirty().
  void onDirty(std::function<void()> listener) { on_dirty_ = std::move(listener); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Counter {
    std::int64_t value = 0;
    std::int64_t expires = 0;
    bool exists = false;
    bool dirty = false;
    bool lasting = true;       // written behind
    mutable bool used = true;  // since the last sweep; erase_if shows entries as const
  };
  using Map = std::unordered_map<std::string, Counter, Hash, std::equal_to<>>;
  static constexpr std::size_t kShards = 64;
  struct Shard {
    std::mutex mutex;
    Map counters;
    std::vector<std::string> dirty;
  };
  static void count(Counter& counter, std::int64_t period_ms, std::int64_t now_ms);
  void mark(Shard& shard, Map::value_type& entry);
  Shard& shardOf(std::string_view key) { return shards_[Hash{}(key) % kShards]; }
  const std::size_t kept_each_;
  std::atomic<bool> dirty_{false};
  std::function<void()> on_dirty_;
  std::array<Shard, kShards> shards_;
};

/// Sliding logs, in memory alone. A log keeps at most `limit` requests: more do not change any
/// answer. Thread: any.
class SlidingLogs {
 public:
  SlidingLogStep add(std::string_view key, std::int64_t now_ns, std::int64_t per_ns,
                     std::int64_t limit);
  /// Requests in the window that ends now.
  std::int64_t count(std::string_view key, std::int64_t now_ns, std::int64_t per_ns);
  bool remove(std::string_view key);
  void sweep(std::int64_t now_ns);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Log {
    std::deque<std::int64_t> times;
    std::int64_t per_ns = 0;
  };
  static constexpr std::size_t kShards = 64;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Log, Hash, std::equal_to<>> logs;
  };
  Shard& shardOf(std::string_view key) { return shards_[Hash{}(key) % kShards]; }
  std::array<Shard, kShards> shards_;
};

}  // namespace tykpp::storage
