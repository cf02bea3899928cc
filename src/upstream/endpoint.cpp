#include "upstream/endpoint.hpp"

#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "certs/certificate.hpp"
#include "definition/upstream_trust.hpp"
#include "upstream/tls_context.hpp"

namespace tykpp::upstream {
namespace {
std::size_t hashOf(const EndpointKey& key) {
  const std::hash<std::string> hash;
  return hash(key.host) * 31 + key.port * 7919U + (key.tls ? 1U : 0U) +
         hash(key.tls_options.client_certificate);
}

bool isFile(const std::string& name) {
  return name.find('/') != std::string::npos || ::access(name.c_str(), F_OK) == 0;
}

Error badFile(const char* place, const std::string& what, const std::string& reason) {
  return Error(Errc::kBadDefinition, what + ": " + reason).at(place);
}

/// Files can be looked at now; what ids stand for is known when it is needed.
Result<void> checkFiles(const definition::UpstreamTls& tls) {
  const std::string& name = tls.client_certificate;
  if (!name.empty() && isFile(name)) {
    const auto loaded = certs::Certificate::load(name, "", "");
    constexpr const char* kPlace = "/upstream_certificates";
    if (!loaded) return badFile(kPlace, "upstream certificate", loaded.error().message());
    if ((*loaded)->leaf() == nullptr || !(*loaded)->hasPrivate())
      return badFile(kPlace, "upstream certificate " + name, "it has no certificate or no key");
  }
  for (const std::string& pin : tls.pinned_keys) {
    if (!isFile(pin)) continue;
    const auto loaded = certs::Certificate::load(pin, "", "");
    if (!loaded) return badFile("/pinned_public_keys", "pinned key", loaded.error().message());
  }
  return {};
}
}  // namespace

Endpoint::~Endpoint() { SSL_CTX_free(tls_context_); }

std::shared_ptr<const Endpoint> Endpoint::sibling(std::string host, std::uint16_t port, bool tls,
                                                  Trust trust) const {
  EndpointKey key{std::move(host), port, tls, {}};
  if (tls) {
    definition::UpstreamTls options = key_.tls_options;
    options.client_certificate.clear();
    options.pinned_keys.clear();
    key.tls_options = definition::tlsFor(options, trust.get(), key.host, port);
  }
  auto endpoint = std::make_shared<Endpoint>(std::move(key), idle_.size());
  endpoint->trust_ = std::move(trust);
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

Result<std::shared_ptr<const Endpoint>> EndpointRegistry::get(
    const definition::TargetUrl& target, const definition::UpstreamTls& tls,
    const definition::UpstreamTrust* trust) {
  EndpointKey key{target.host, target.port, target.tls(), {}};
  if (key.tls) key.tls_options = definition::tlsFor(tls, trust, target.host, target.port);
  const std::size_t hash = hashOf(key);
  const auto less = [](const auto& item, std::size_t value) { return item.first < value; };
  auto at = std::lower_bound(known_.begin(), known_.end(), hash, less);
  for (auto it = at; it != known_.end() && it->first == hash; ++it) {
    if (auto known = it->second.lock(); known && known->key() == key) return known;
  }
  auto endpoint = std::make_shared<Endpoint>(std::move(key), workers_);
  endpoint->readLiteral();
  if (endpoint->key_.tls) {
    if (auto good = checkFiles(endpoint->key_.tls_options); !good) return good.error();
    auto context = makeTlsContext(tls);
    if (!context) return Error(context.error()).at("/proxy/transport");
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
