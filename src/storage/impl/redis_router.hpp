#pragma once
// To which server a command goes: the only one, the master that sentinels name, or the owner of the
// key's slot in a cluster.

#include <memory>
#include <string_view>
#include <vector>

#include "storage/impl/redis_connection.hpp"

namespace tykpp::storage {

/// Thread: its loop's.
class RedisRouter {
 public:
  virtual ~RedisRouter() = default;
  /// One command to where `key` lives; an empty key: anywhere. A reply may be an error of Redis.
  virtual net::Task<Result<Reply>> run(CommandWords words, std::string_view key,
                                       bool repeatable) = 0;
  /// One reading command to the master of that number, counted from 0.
  virtual net::Task<Result<Reply>> runAt(std::size_t master, CommandWords words) = 0;
  virtual std::size_t masters() const = 0;
  /// Keys of one command must share a server: commands take one key each.
  virtual bool splitsKeys() const noexcept { return false; }
  /// For a connection beside the pipelined ones.
  virtual std::unique_ptr<RedisConnector> connector() = 0;
  /// Fails what waits with kShuttingDown.
  virtual void stop() = 0;
};

/// By the options' mode.
std::unique_ptr<RedisRouter> makeRedisRouter(net::Loop& loop, std::shared_ptr<RedisShared> shared);
std::unique_ptr<RedisRouter> makeClusterRouter(net::Loop& loop,
                                               std::shared_ptr<RedisShared> shared);
/// To the master that one of the sentinels names.
std::unique_ptr<RedisConnector> makeSentinelConnector(net::Loop& loop,
                                                      std::shared_ptr<RedisShared> shared);

}  // namespace tykpp::storage
