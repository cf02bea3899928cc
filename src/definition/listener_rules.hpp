#pragma once
// Where an API is reached: its own port, and what TLS shows and wants there. Field comments name
// the Classic field.

#include <string>
#include <vector>

namespace tykpp::definition {

struct ListenerRules {
  /// `protocol` of a port of its own, or what the gateway's listener speaks: `http` or `https`.
  std::string protocol;
  /// Lower case; empty: none, or `domain_disabled`. Certificates and demands of TLS go by it even
  /// where requests are not routed by domains.
  std::string tls_domain;
  std::vector<std::string> certificates;  ///< `certificates`: files or ids in the certificate store
  bool use_mutual_tls_auth = false;
  /// `client_certificates` and `security.certificates.apis`, with `use_mutual_tls_auth`.
  std::vector<std::string> client_certificates;
  bool token_certificates = false;  ///< `use_certificate` of tokens: clients may show one
};

}  // namespace tykpp::definition
