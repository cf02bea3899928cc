#pragma once
// The response cache: its store, a client of it for each worker, and what is emptied on demand.
// Thread: main, unless said otherwise.

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "storage/cache_client.hpp"
#include "storage/key_store.hpp"

namespace tykpp::gateway {

class CacheCenter {
 public:
  /// @param store  the keys'; answers go there unless they have a store of their own
  /// @error kBadConfig  settings of that store
  static Result<std::unique_ptr<CacheCenter>> open(const definition::GatewayConfig& config,
                                                   storage::KeyStore& store, net::Loop& main);
  CacheCenter(const CacheCenter&) = delete;
  CacheCenter& operator=(const CacheCenter&) = delete;

  /// Adds the client of the next worker, whose index is the number of those before it.
  void add(net::Loop& worker);
  /// Of all workers; connected when the first answer is looked for.
  storage::CacheClients& clients() noexcept { return clients_; }
  /// Removes every answer of an API, whichever gateway on the store kept it. @error the store's
  net::Task<Result<void>> forget(std::string api_id);
  /// The same where nobody waits for the end; an error is logged.
  net::Detached forgetLater(std::string api_id);
  /// Waits for what is on its way into the store, within the store's timeout. Once, when no request
  /// is under way. @param done  called on the main loop
  void drain(std::function<void()> done);

 private:
  /// All outlive the object. @param own  null: `shared` is used
  CacheCenter(const definition::GatewayConfig& config, storage::KeyStore& shared,
              std::unique_ptr<storage::KeyStore> own, net::Loop& main);
  void end();

  const definition::GatewayConfig& config_;
  const std::unique_ptr<storage::KeyStore> own_store_;  // before its clients
  storage::KeyStore& store_;
  net::Loop& main_;
  storage::CacheClients clients_;
  std::vector<net::Loop*> loops_;  // of the clients
  boost::asio::steady_timer patience_;
  std::size_t left_ = 0;
  std::function<void()> done_;
  std::unique_ptr<storage::KeyStoreClient> client_;  // the main loop's, made when it is needed
};

}  // namespace tykpp::gateway
