#pragma once
// What differs between the upstreams of one API by the name of their host.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "definition/api_spec.hpp"

namespace tykpp::definition {

/// Certificates that the gateway shows and public keys that upstreams have to have. Patterns are
/// `*`, `*.` and a domain, a host, or a host and its port.
struct UpstreamTrust {
  using ByHost = std::map<std::string, std::string>;
  /// `security.certificates.upstream`, then `upstream_certificates`: files or ids of the store.
  ByHost gateway_certificates;
  ByHost certificates;
  /// `security.pinned_public_keys`, then `pinned_public_keys`: names separated by commas.
  ByHost gateway_pins;
  ByHost pins;

  bool empty() const noexcept {
    return gateway_certificates.empty() && certificates.empty() && gateway_pins.empty() &&
           pins.empty();
  }
};

/// The settings of one upstream: those of the API with its certificate and keys. What the API says
/// wins over what the gateway says, and then the pattern that says more of the host.
/// @param host  lower case, without brackets @param trust  may be null
UpstreamTls tlsFor(const UpstreamTls& base, const UpstreamTrust* trust, std::string_view host,
                   std::uint16_t port);

/// Every certificate and key that it names, as CertificateSet knows them; digests of keys are none.
std::vector<std::string> namesIn(const UpstreamTrust& trust);

}  // namespace tykpp::definition
