#pragma once
// How the gateway proves to upstreams who it is. Field comments name the Classic field.

#include <string>
#include <vector>

namespace tykpp::definition {

/// `request_signing`: what the gateway signs on the way to the upstream.
struct RequestSigning {
  bool enabled = false;
  std::string secret;
  std::string key_id;
  std::string algorithm;
  std::string certificate_id;  ///< of the private key that `rsa-sha256` signs with, or a file
  std::vector<std::string> header_list;
  std::string signature_header = "Authorization";
  std::vector<std::string> allowed_algorithms;  ///< `hmac_allowed_algorithms`; empty: all

  /// Whether a certificate signs, not the secret.
  bool byCertificate() const noexcept { return algorithm.starts_with("rsa"); }
  bool certificateWanted() const noexcept {
    return enabled && byCertificate() && !certificate_id.empty();
  }
};

/// `upstream_auth.basic_auth`: who the gateway is to the upstream (RFC 7617).
struct UpstreamCredential {
  bool enabled = false;
  std::string header = "Authorization";
  std::string value;  ///< `Basic …`, ready to send; a secret
};

}  // namespace tykpp::definition
