#include "upstream/endpoint.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <functional>

#include "upstream/tls_context.hpp"

namespace tykpp::upstream {
namespace {
std::size_t hashOf(const EndpointKey& key) {
  const std::hash<std::string> hash;
  return hash(key.host) * 31 + key.port * 7919U + (key.tls ? 1U : 0U) +
         hash(key.tls_options.client_certificate);
}
}  // namespace

Endpoint::~Endpoint() { SSL_CTX_free(tls_context_); }

std::shared_ptr<const Endpoint> Endpoint::sibling(std::string host, std::uint16_t port,
                                                  bool tls) const {
  EndpointKey key{std::move(host), port, tls, {}};
  if (tls) key.tls_options = key_.tls_options;
  auto endpoint = std::make_shared<Endpoint>(std::move(key), idle_.size());
  endpoint->readLiteral();
  if (tls && tls_context_ != nullptr) {
    SSL_CTX_up_ref(tls_context_);
    endpoint->tls_context_ = tls_context_;
  }
  return endpoint;
}

void Endpoint::readLiteral() {
  net::Address literal;
  if (!net::parseLiteral(key_.host, literal)) return;
  literal.setPort(key_.port);
  literal_ = std::make_unique<net::Address>(literal);
}

Result<std::shared_ptr<const Endpoint>> EndpointRegistry::get(const definition::TargetUrl& target,
                                                              const definition::UpstreamTls& tls) {
  EndpointKey key{target.host, target.port, target.tls(), {}};
  if (key.tls) key.tls_options = tls;
  const std::size_t hash = hashOf(key);
  const auto less = [](const auto& item, std::size_t value) { return item.first < value; };
  auto at = std::lower_bound(known_.begin(), known_.end(), hash, less);
  for (auto it = at; it != known_.end() && it->first == hash; ++it) {
    if (auto known = it->second.lock(); known && known->key() == key) return known;
  }
  auto endpoint = std::make_shared<Endpoint>(std::move(key), workers_);
  endpoint->readLiteral();
  if (endpoint->key_.tls) {
    auto context = makeTlsContext(tls);
    if (!context) return context.error();
    endpoint->tls_context_ = *context;
  }
  known_.insert(at, {hash, endpoint});
  if (known_.size() > sweep_at_) {  // endpoints that no API and no idle connection holds any more
    std::erase_if(known_, [](const auto& item) { return item.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, known_.size() * 2);
  }
  return std::shared_ptr<const Endpoint>(endpoint);
}

}  // namespace tykpp::upstream
