#pragma once
// Traffic records on their way into Redis: a buffer for each worker, and an end for lists that
// nobody collects. Thread: main, unless said otherwise.

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "analytics/list_expiry.hpp"
#include "analytics/record_buffer.hpp"
#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "net/loop.hpp"
#include "storage/key_store.hpp"

namespace tykpp::gateway {

class TrafficCenter {
 public:
  /// Whether records are stored at all: nobody would collect them from the embedded store.
  static bool stores(const definition::GatewayConfig& config) noexcept;
  /// Null where nothing is stored; logs why, when records are asked for.
  /// @param store  the keys'; records go there unless they have a store of their own
  /// @error kBadConfig  settings of that store
  static Result<std::unique_ptr<TrafficCenter>> open(const definition::GatewayConfig& config,
                                                     storage::KeyStore& store, net::Loop& main);

  /// Adds the buffer of the next worker, whose index is the number of those before it.
  void add(net::Loop& worker);
  /// Thread: that worker's.
  analytics::RecordBuffer& of(std::uint32_t worker) const noexcept {
    return *buffers_[worker].buffer;
  }
  /// Stores what waits, within the store's timeout. Once, when no request is under way.
  /// @param done  called on the main loop
  void drain(std::function<void()> done);

 private:
  /// All outlive the object. @param own  null: `shared` is used
  TrafficCenter(const definition::GatewayConfig& config, storage::KeyStore& shared,
                std::unique_ptr<storage::KeyStore> own, net::Loop& main);
  struct Entry {
    net::Loop* loop;
    std::unique_ptr<analytics::RecordBuffer> buffer;
  };
  void drained();
  void end();

  const definition::GatewayConfig& config_;
  const std::unique_ptr<storage::KeyStore> own_store_;  // before its clients
  storage::KeyStore& store_;
  net::Loop& main_;
  std::vector<Entry> buffers_;
  analytics::ListExpiry expiry_;
  boost::asio::steady_timer patience_;
  std::size_t left_ = 0;
  std::function<void()> done_;
};

}  // namespace tykpp::gateway
