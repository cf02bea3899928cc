#pragma once
// Who is who: the store of keys, the workers' keyrings, the policies in force, and what gateways on
// one store tell each other. Thread: main, unless said otherwise. Destroyed before the loops.

#include <functional>
#include <memory>
#include <string_view>

#include "client/client.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "gateway/cluster_channel.hpp"
#include "gateway/limiter_beat.hpp"
#include "gateway/oauth_bridge.hpp"
#include "jwt/key_source.hpp"
#include "session/keyring.hpp"
#include "storage/key_store.hpp"

namespace tykpp::gateway {

class IdentityCenter {
 public:
  /// What the gateway does for it.
  struct Actions {
    std::function<void()> reload;
    std::function<std::uint64_t()> requests;  ///< served since start, by all workers
    /// Another gateway asks for the cached answers of an API to be removed.
    std::function<void(std::string_view api_id)> forget_answers;
  };

  /// All must outlive the object. @error kBadConfig  the store's settings
  static Result<std::unique_ptr<IdentityCenter>> open(const definition::GatewayConfig& config,
                                                      net::Loop& main, client::HttpClient& client);
  IdentityCenter(const IdentityCenter&) = delete;
  IdentityCenter& operator=(const IdentityCenter&) = delete;

  /// Listens to other gateways and speaks to them. Once, after every worker has its keyring.
  void join(Actions actions);
  /// Reads the policies anew and puts them in force on every worker. What is wrong with one leaves
  /// it as it was.
  void loadPolicies(definition::Problems& problems);
  /// Tells every gateway on the store to reload.
  void tellReload();

  storage::KeyStore& store() noexcept { return *store_; }
  /// Has key sets of issuers fetched anew. @param api_id  empty: those of every API
  void forgetKeySets(std::string_view api_id) { key_sets_.invalidate(api_id); }

  session::Keyrings& keyrings() noexcept { return keyrings_; }
  OAuthBridge& oauth() noexcept { return oauth_; }
  // From join() on:
  storage::KeyStoreClient& client() noexcept { return *client_; }
  session::SessionStore& sessions() noexcept { return *sessions_; }
  const oauth::Site& site() const noexcept { return *site_; }
  const std::shared_ptr<const session::PolicySet>& policies() const noexcept { return policies_; }

 private:
  IdentityCenter(const definition::GatewayConfig& config, net::Loop& main,
                 client::HttpClient& client, std::unique_ptr<storage::KeyStore> store);
  /// A message of another gateway that asks for neither reload nor a session.
  bool heard(const session::Notification& notification);
  void startBeat(std::function<std::uint64_t()> requests);

  const definition::GatewayConfig& config_;
  net::Loop& main_;
  std::shared_ptr<const session::PolicySet> policies_ = std::make_shared<session::PolicySet>();
  std::function<void(std::string_view api_id)> forget_answers_;
  // In this order: clients end before the store.
  std::unique_ptr<storage::KeyStore> store_;
  jwt::KeySets key_sets_;
  session::Keyrings keyrings_;
  OAuthBridge oauth_;
  // Behind the client: calls end with it.
  std::unique_ptr<session::SessionStore> sessions_;
  std::unique_ptr<oauth::Site> site_;
  std::unique_ptr<storage::KeyStoreClient> client_;
  std::unique_ptr<ClusterChannel> cluster_;
  std::unique_ptr<LimiterBeat> beat_;  // null: no limit depends on the number of gateways
};

}  // namespace tykpp::gateway
