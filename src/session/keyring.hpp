#pragma once
// What a worker knows about keys: sessions in its cache, the policies in force, the store behind
// them, and the counters that all workers share. Steps ask here; docs/storage.md has the store.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "definition/gateway_config.hpp"
#include "net/loop.hpp"
#include "session/password.hpp"
#include "session/policy_set.hpp"
#include "session/rate_bucket.hpp"
#include "session/session_cache.hpp"
#include "session/session_store.hpp"
#include "storage/key_store.hpp"

namespace tykpp::jwt {
class KeySets;
}
namespace tykpp::certs {
class CertificateSet;
}
namespace tykpp::events {
class Emitter;
}

namespace tykpp::session {

class Keyrings;

/// One worker's. Thread: that worker's loop.
class Keyring {
 public:
  Keyring(Keyrings& all, net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client);
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  /// A session that is in the cache, or null. Does not allocate.
  /// @param key  a credential as the client gave it
  std::shared_ptr<SessionEntry> cached(std::string_view org_id, std::string_view key);
  /// The session of a credential, from the cache or the store; null when there is none or the key
  /// is shorter than `min_token_length`. @error the store's
  storage::StoreTask<std::shared_ptr<SessionEntry>> find(std::string_view org_id,
                                                         std::string_view key);
  /// A cached session by its name in the store, or null.
  std::shared_ptr<SessionEntry> cachedByName(std::string_view name) {
    return cache_.find(name, loop_.now());
  }
  /// Keeps a session that a plugin made, in place of an older one, under its name alone.
  void keep(std::shared_ptr<SessionEntry> entry) {
    cache_.put(std::move(entry), {}, cache_.ticket(), loop_.now());
  }
  /// The same, found by a credential as well.
  void keep(std::shared_ptr<SessionEntry> entry, std::string_view org_id, std::string_view key);

  /// Policies as of the last load. View: until setPolicies()
  const PolicySet& policies() const noexcept { return *policies_; }
  void setPolicies(std::shared_ptr<const PolicySet> policies) { policies_ = std::move(policies); }
  /// Certificates that definitions and settings name; null before the first load.
  const std::shared_ptr<const certs::CertificateSet>& certificates() const noexcept {
    return certificates_;
  }
  void setCertificates(std::shared_ptr<const certs::CertificateSet> certificates) {
    certificates_ = std::move(certificates);
  }
  /// A session changed somewhere. @param name  in the store, without prefix
  void invalidate(std::string_view name) { cache_.invalidate(name); }
  void clear() { cache_.clear(); }
  /// Has the other workers' sessions of this name show what a quota's counter says now.
  /// @param scope  LimitPlan::scope()
  void tellQuota(const std::string& name, std::string_view scope, std::int64_t remaining,
                 std::int64_t renews);

  SessionStore& store() noexcept { return store_; }
  storage::KeyStoreClient& client() noexcept { return *client_; }
  Keyrings& all() noexcept { return all_; }
  net::Loop& loop() noexcept { return loop_; }
  Clock::time_point now() const noexcept { return loop_.now(); }

 private:
  /// The name of a credential in the cache's index: it depends on the organisation which session
  /// it names. View: until the next call on this worker.
  std::string_view alias(std::string_view org_id, std::string_view key);
  Keyrings& all_;
  net::Loop& loop_;
  std::unique_ptr<storage::KeyStoreClient> client_;
  SessionStore store_;
  SessionCache cache_;
  std::shared_ptr<const PolicySet> policies_;
  std::string alias_;
  std::shared_ptr<const certs::CertificateSet> certificates_;
};

/// All workers'. Made on the main thread before the workers run, destroyed after they stopped.
class Keyrings {
 public:
  /// Both must outlive the object.
  Keyrings(const definition::GatewayConfig& config, storage::KeyStore& store);

  /// Adds the keyring of the next worker, whose index is the number of those before it.
  void add(net::Loop& loop);
  Keyring& of(std::uint32_t worker) const noexcept { return *keyrings_[worker]; }
  std::size_t size() const noexcept { return keyrings_.size(); }
  const definition::GatewayConfig& config() const noexcept { return config_; }
  /// Counters in memory, shared by all workers.
  RateBuckets& buckets() noexcept { return buckets_; }
  /// Hashes and compares passwords beside the loops. Thread: any.
  PasswordPool& passwords() noexcept { return passwords_; }
  /// Key sets of those who issue tokens; outlives every chain. Null: none can be fetched.
  jwt::KeySets* keySets() const noexcept { return key_sets_; }
  /// Before the first API is built.
  void setKeySets(jwt::KeySets* sets) noexcept { key_sets_ = sets; }
  /// Fires events of the gateway itself; outlives every chain. Null: nobody handles any.
  const events::Emitter* gatewayEvents() const noexcept { return gateway_events_; }
  /// Before the first API is built.
  void setGatewayEvents(const events::Emitter* events) noexcept { gateway_events_ = events; }
  /// Gateways that share limits, this one included. Thread: any.
  int nodes() const noexcept { return nodes_.load(std::memory_order_relaxed); }
  void setNodes(int count) noexcept { nodes_.store(count, std::memory_order_relaxed); }
  /// Drops a session from every worker's cache. Thread: any.
  void invalidate(std::string_view name);
  /// Drops all sessions from every worker's cache. Thread: any.
  void clear();
  /// Puts policies in force on every worker. Thread: any.
  void setPolicies(const std::shared_ptr<const PolicySet>& policies);
  /// Puts certificates in force on every worker. Thread: any.
  void setCertificates(const std::shared_ptr<const certs::CertificateSet>& certificates);

 private:
  const definition::GatewayConfig& config_;
  storage::KeyStore& store_;
  RateBuckets buckets_;
  PasswordPool passwords_;
  jwt::KeySets* key_sets_ = nullptr;
  const events::Emitter* gateway_events_ = nullptr;
  std::atomic<int> nodes_{1};
  std::vector<std::unique_ptr<Keyring>> keyrings_;
};

}  // namespace tykpp::session
