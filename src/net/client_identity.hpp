#pragma once
#include <openssl/x509.h>

#include <vector>

namespace tykpp::net {

/// What a client shows when a server asks who it is. All of it outlives the handshake.
struct ClientIdentity {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;        ///< of the certificate
  std::vector<X509*> chain = {};  ///< the certificate and what stands behind it
};

}  // namespace tykpp::net
