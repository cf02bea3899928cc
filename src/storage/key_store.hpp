#pragma once
// The store of keys, counters and messages: one object a process, one client a loop. Two kinds with
// one meaning: Redis, shared with other gateways, and an embedded SQLite file for one gateway alone
// (docs/storage.md compares them). Enters: where the data is; leaves: clients, and whether the
// store works. Order of destruction: clients, then, in
// any order, the store and the loops.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "storage/key_store_client.hpp"
#include "storage/redis_options.hpp"

namespace tykpp::storage {

/// Whether the store answers.
struct StoreState {
  bool up = false;
  std::string reason;  ///< why it is down; no secret. "not connected yet" before the first attempt
};

/// Thread: any.
class KeyStore {
 public:
  /// Called at each change between up and down, on the thread that saw it; must be short.
  using OnChange = std::function<void(const StoreState&)>;

  virtual ~KeyStore() = default;
  /// A client for the loop's thread; made and destroyed there, or while the loop does not run. What
  /// still waits at its destruction is resumed with kShuttingDown.
  virtual std::unique_ptr<KeyStoreClient> client(net::Loop& loop) = 0;
  virtual StoreState state() const = 0;
  /// Replaces the listener; an empty function removes it. Not called for the state of this moment.
  virtual void onChange(OnChange listener) = 0;
};

/// Connections open when clients are made.
/// @error kBadConfig  files or versions of TLS cannot be used
Result<std::unique_ptr<KeyStore>> makeRedisKeyStore(RedisOptions options);

/// The embedded store's limits.
struct EmbeddedOptions {
  std::string file;                             ///< the database; its folder is made when missing
  std::chrono::milliseconds timeout{5000};      ///< for each operation that needs the file
  std::chrono::milliseconds write_behind{100};  ///< how old counters on disk may be
  std::size_t max_waiting = 10'000;             ///< operations waiting for the file
  std::size_t cache_bytes = 32U << 20;          ///< values kept in memory
  std::size_t max_counters = 200'000;           ///< counters kept in memory after they were written
  std::size_t max_value_bytes = 64U << 20;
};

/// Opens the file on the store's own thread and tries again each second while that fails: state()
/// tells. Destruction writes what waits, counters included.
std::unique_ptr<KeyStore> makeEmbeddedKeyStore(EmbeddedOptions options);

}  // namespace tykpp::storage
