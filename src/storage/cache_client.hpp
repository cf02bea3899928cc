#pragma once
// Values that may be lost: a reader waits a moment at most, a writer not at all. For what can be
// had from somewhere else when the store is slow, full or down.

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "storage/key_store.hpp"

namespace tykpp::storage {

/// One worker's. Thread: that worker's loop; made and destroyed while the loop does not run.
class CacheClient {
 public:
  struct Limits {
    std::chrono::milliseconds patience{200};  ///< for a value; up to a tick of the wheel more
    std::chrono::milliseconds rest{1000};     ///< nobody asks for so long after a failure
    std::size_t writing_bytes = 32U << 20;    ///< on their way into the store
  };
  /// What became of values since the start.
  struct Counts {
    std::uint64_t late = 0;     ///< reads that nobody waited for any more
    std::uint64_t dropped = 0;  ///< that were not written
  };

  /// Connects when it is first used. Both outlive the object.
  CacheClient(net::Loop& loop, KeyStore& store, Limits limits);
  ~CacheClient();
  CacheClient(const CacheClient&) = delete;
  CacheClient& operator=(const CacheClient&) = delete;

  /// Whether asking makes sense: the store answered when it was last asked, or it is time to try
  /// again.
  bool available() const noexcept { return !failing_ || (!probing_ && loop_.now() >= rest_until_); }
  /// The value, or nothing: there is none, or the store does not answer in time.
  net::Task<std::optional<std::string>> get(std::string_view key);
  /// Writes it beside the caller, or drops it when the store fails or too much is under way.
  /// @param ttl  above nought
  void put(std::string key, std::string value, std::chrono::seconds ttl);
  /// Removes it beside the caller.
  void remove(std::string key);
  /// @param done  called once nothing is being written any more. Once
  void drain(std::function<void()> done);
  const Counts& counts() const noexcept { return counts_; }

 private:
  struct Read;
  class Wait;
  KeyStoreClient& client();
  net::Detached ask(std::shared_ptr<Read> read);
  net::Detached write(std::string key, std::string value, std::chrono::seconds ttl);
  net::Detached erase(std::string key);
  void begin(std::size_t bytes) noexcept;
  void end(std::size_t bytes);
  /// Whether an error says that the store does not work.
  static bool isFailure(const Error& error) noexcept;
  void worked();
  void failed(std::string_view why);
  void drop();

  net::Loop& loop_;
  KeyStore& store_;
  const Limits limits_;
  Counts counts_;
  std::size_t writing_ = 0;
  std::size_t writing_bytes_ = 0;
  bool failing_ = false;
  bool probing_ = false;  // somebody asks a store that failed
  bool told_ = false;     // of the failure that goes on
  Clock::time_point rest_until_;
  Clock::time_point tell_after_;
  std::function<void()> drained_;
  std::unique_ptr<KeyStoreClient> client_;  // last: what waits for it is resumed at its end
};

/// All workers'. Destroyed after the workers stopped.
class CacheClients {
 public:
  /// @param store  outlives the object
  CacheClients(KeyStore& store, CacheClient::Limits limits) : store_(store), limits_(limits) {}
  /// Adds the client of the next worker, whose index is the number of those before it.
  void add(net::Loop& loop) {
    clients_.push_back(std::make_unique<CacheClient>(loop, store_, limits_));
  }
  CacheClient& of(std::uint32_t worker) const noexcept { return *clients_[worker]; }
  std::size_t size() const noexcept { return clients_.size(); }

 private:
  KeyStore& store_;
  const CacheClient::Limits limits_;
  std::vector<std::unique_ptr<CacheClient>> clients_;
};

}  // namespace tykpp::storage
