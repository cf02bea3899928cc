#pragma once
// Buckets that admit a number of requests in a time, in memory: one table a process, shared by its
// workers. A window begins with the first request and the bucket is full again when it ends.
//
// The table is cut into shards with a lock each, held for a look-up and a subtraction. It is
// bounded in number: when a shard is full, the bucket whose window began first goes, and its next
// request finds a full one.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "session/access_definition.hpp"

namespace tykpp::session {

/// A bucket's name with its hash, computed once.
struct BucketName {
  BucketName() : BucketName(std::string{}) {}
  explicit BucketName(std::string name);
  std::string text;
  std::size_t hash;
};

/// What a bucket answered.
struct BucketAnswer {
  bool admitted = true;
  std::int64_t remaining = 0;  ///< requests that this node would still admit in the window
  Clock::time_point reset;     ///< end of the window
};

/// Thread: any.
class RateBuckets {
 public:
  static constexpr std::size_t kDefaultMost = 1'000'000;

  /// @param most  buckets kept; at least one a shard
  explicit RateBuckets(std::size_t most = kDefaultMost);
  ~RateBuckets();

  /// Counts one request. Does not allocate when the bucket is known.
  /// @param limit  with rate and per above nought
  /// @param nodes  gateways that share the limit, each with as many requests as its part allows; at
  ///               least one request a window is admitted by each
  BucketAnswer take(const BucketName& name, const RateLimit& limit, int nodes,
                    Clock::time_point now);
  /// What take() would answer, counting nothing.
  BucketAnswer peek(const BucketName& name, const RateLimit& limit, int nodes,
                    Clock::time_point now) const;
  /// Buckets in the table, those whose window is over included.
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 64;
  struct Shard;
  Shard& shardOf(const BucketName& name) const noexcept;

  std::size_t most_in_shard_;
  std::unique_ptr<std::array<Shard, kShards>> shards_;
};

}  // namespace tykpp::session
