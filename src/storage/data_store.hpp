#pragma once
// Values that plugins keep under keys (`store_data`, `get_data`): in Redis, where the original
// keeps them too, or in this process when no Redis is configured. Enters: keys and values; leaves:
// a callback with the outcome.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "storage/redis_address.hpp"

namespace tykpp::storage {

/// Thread: any.
class DataStore {
 public:
  /// The value read, empty after a write. Runs on a thread of the store's, or in the call itself;
  /// it must be short.
  using Done = std::function<void(Result<std::string>)>;

  virtual ~DataStore() = default;
  /// @param ttl  0: the value stays for good
  /// @error kIo  the storage does not answer or refuses; kForbidden: too much waits already
  virtual void set(std::string key, std::string value, std::chrono::seconds ttl, Done done) = 0;
  /// @error kNotFound  no such key; else as set()
  virtual void get(std::string key, Done done) = 0;
};

/// On a thread with one connection, made anew when it breaks. Destruction ends the command under
/// way at its timeout at the latest and drops those that wait, with their callbacks.
std::unique_ptr<DataStore> makeRedisDataStore(RedisAddress address);
/// Until the process ends; 100 000 values at most, those nearest to their end make room.
std::unique_ptr<DataStore> makeMemoryDataStore();

}  // namespace tykpp::storage
