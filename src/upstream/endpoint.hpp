#pragma once
// Where upstream connections go, and everything that makes two of them different. Endpoints are
// made at load, shared by the APIs that ask for the same, and hold each worker's idle connections.

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "net/resolver.hpp"

namespace tykpp::upstream {

class Connection;

/// Two targets with equal keys share connections.
struct EndpointKey {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  definition::UpstreamTls tls_options;  ///< default when not `tls`
  bool operator==(const EndpointKey&) const = default;
};

/// Idle connections of one worker, the latest in front. Touched by that worker alone.
struct IdleList {
  Connection* first = nullptr;
  std::size_t size = 0;
};

class Endpoint {
 public:
  using Trust = std::shared_ptr<const definition::UpstreamTrust>;
  /// An endpoint for another address, with the TLS options of this one and what `trust` says of
  /// that address.
  std::shared_ptr<const Endpoint> sibling(std::string host, std::uint16_t port, bool tls,
                                          Trust trust) const;

  Endpoint(EndpointKey key, std::size_t workers) : key_(std::move(key)), idle_(workers) {}
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  const EndpointKey& key() const noexcept { return key_; }
  /// Null for plain HTTP.
  SSL_CTX* tlsContext() const noexcept { return tls_context_; }
  /// The address when the host is a literal, else null.
  const net::Address* literal() const noexcept { return literal_ ? literal_.get() : nullptr; }
  /// Of an endpoint that sibling() made: what it was given.
  const Trust& trust() const noexcept { return trust_; }
  IdleList& idle(std::uint32_t worker) const noexcept { return idle_[worker]; }

 private:
  friend class EndpointRegistry;
  void readLiteral();
  EndpointKey key_;
  SSL_CTX* tls_context_ = nullptr;
  Trust trust_;
  std::unique_ptr<net::Address> literal_;
  mutable std::vector<IdleList> idle_;
};

/// Hands out endpoints. Thread: the one that loads.
class EndpointRegistry {
 public:
  explicit EndpointRegistry(std::size_t workers) : workers_(workers) {}
  /// @param tls    of the API @param trust  what differs by host; may be null
  /// @error kBadDefinition, with the field, when a certificate's file, a cipher or a version cannot
  /// be used
  Result<std::shared_ptr<const Endpoint>> get(const definition::TargetUrl& target,
                                              const definition::UpstreamTls& tls,
                                              const definition::UpstreamTrust* trust = nullptr);

 private:
  std::size_t workers_;
  std::vector<std::pair<std::size_t, std::weak_ptr<const Endpoint>>> known_;  // sorted by key hash
  std::size_t sweep_at_ = 64;
};

}  // namespace tykpp::upstream
