#include "session/rate_bucket.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <unordered_map>

namespace tykpp::session {
namespace {

/// What one request costs on a gateway that is alone; capacities count in the same unit, so that a
/// rate of 1.5 is a number as well.
constexpr std::int64_t kRequestCost = 100;

std::int64_t costFor(int nodes) { return kRequestCost * std::max(nodes, 1); }

std::int64_t capacityFor(const RateLimit& limit, std::int64_t cost) {
  // Rates beyond this are no limit that a machine reaches; the cast stays defined.
  constexpr double kMost = 9e18;
  const double wanted = std::min(limit.rate * static_cast<double>(kRequestCost), kMost);
  return std::max(static_cast<std::int64_t>(wanted), cost);
}

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(const BucketName* name) const noexcept { return name->hash; }
  std::size_t operator()(const std::string& text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

struct NameEqual {
  using is_transparent = void;
  bool operator()(const std::string& a, const std::string& b) const noexcept { return a == b; }
  bool operator()(const BucketName* a, const std::string& b) const noexcept { return a->text == b; }
  bool operator()(const std::string& a, const BucketName* b) const noexcept { return a == b->text; }
};

}  // namespace

BucketName::BucketName(std::string name)
    : text(std::move(name)), hash(std::hash<std::string_view>{}(text)) {}

/// On a cache line of its own: neighbours are written by other workers.
struct alignas(64) RateBuckets::Shard {
  struct Bucket {
    std::int64_t left = 0;
    Clock::time_point reset;
    const std::string* name = nullptr;
    Bucket* before = nullptr;  ///< whose window began earlier
    Bucket* after = nullptr;
  };
  using Table = std::unordered_map<std::string, Bucket, NameHash, NameEqual>;

  mutable std::mutex mutex;
  Table table;
  Bucket* oldest = nullptr;
  Bucket* newest = nullptr;

  void append(Bucket& bucket) {
    bucket.before = newest;
    bucket.after = nullptr;
    (newest != nullptr ? newest->after : oldest) = &bucket;
    newest = &bucket;
  }
  void unlink(Bucket& bucket) {
    (bucket.before != nullptr ? bucket.before->after : oldest) = bucket.after;
    (bucket.after != nullptr ? bucket.after->before : newest) = bucket.before;
  }
  void dropOldest() {
    Bucket* bucket = oldest;
    unlink(*bucket);
    table.erase(table.find(*bucket->name));
  }
  /// Room for one more: windows that are over go first as long as they are the oldest.
  void makeRoom(std::size_t most, Clock::time_point now) {
    // Two a call keep up with what comes in, and bound the time under the lock.
    for (int i = 0; i < 2 && oldest != nullptr && now >= oldest->reset; ++i) dropOldest();
    if (table.size() >= most) dropOldest();
  }
  Bucket& at(const BucketName& name, std::size_t most, Clock::time_point now) {
    if (const auto found = table.find(&name); found != table.end()) return found->second;
    makeRoom(most, now);
    const auto [place, fresh] = table.try_emplace(name.text);
    place->second.name = &place->first;
    place->second.reset = now;  // over already: take() begins the window
    append(place->second);
    return place->second;
  }
};

RateBuckets::RateBuckets(std::size_t most)
    : most_in_shard_(std::max<std::size_t>(1, most / kShards)),
      shards_(std::make_unique<std::array<Shard, kShards>>()) {}

RateBuckets::~RateBuckets() = default;

RateBuckets::Shard& RateBuckets::shardOf(const BucketName& name) const noexcept {
  // The table inside uses the lower bits.
  return (*shards_)[(name.hash >> 48) % kShards];
}

BucketAnswer RateBuckets::take(const BucketName& name, const RateLimit& limit, int nodes,
                               Clock::time_point now) {
  const std::int64_t cost = costFor(nodes);
  Shard& shard = shardOf(name);
  const std::lock_guard lock(shard.mutex);
  Shard::Bucket& bucket = shard.at(name, most_in_shard_, now);
  if (now >= bucket.reset) {
    bucket.left = capacityFor(limit, cost);
    bucket.reset = now + limit.window();
    shard.unlink(bucket);
    shard.append(bucket);
  }
  if (bucket.left < cost) return {false, 0, bucket.reset};
  bucket.left -= cost;
  return {true, bucket.left / cost, bucket.reset};
}

BucketAnswer RateBuckets::peek(const BucketName& name, const RateLimit& limit, int nodes,
                               Clock::time_point now) const {
  const std::int64_t cost = costFor(nodes);
  Shard& shard = shardOf(name);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.table.find(&name);
  if (found == shard.table.end() || now >= found->second.reset) {
    return {true, capacityFor(limit, cost) / cost, now + limit.window()};
  }
  const Shard::Bucket& bucket = found->second;
  return {bucket.left >= cost, bucket.left / cost, bucket.reset};
}

std::size_t RateBuckets::size() const {
  std::size_t total = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.table.size();
  }
  return total;
}

}  // namespace tykpp::session
