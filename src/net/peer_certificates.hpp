#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tykpp::net {

/// What a TLS handshake came to. The first two live as long as the process.
struct TlsFacts {
  std::string_view version;  ///< `TLSv1.2`, `TLSv1.3`
  std::string_view cipher;   ///< IANA's name: `TLS_AES_128_GCM_SHA256`
  std::string server_name;   ///< what the client asked for (SNI); empty: nothing
};

/// What a TLS client showed of itself, read once when its handshake ends. That it holds the key of
/// the first certificate is proven; who signed that certificate is not. Thread: its connection's
/// worker.
struct PeerCertificates {
  std::vector<std::string> chain;  ///< DER, the client's own first; never empty
  /// The chain as plugins get it: certificates one behind the other, which DER allows.
  std::string joined() const {
    std::string all;
    for (const std::string& certificate : chain) all += certificate;
    return all;
  }
  std::string sha256;          ///< of the first one, in lower-case hex
  std::int64_t not_after = 0;  ///< of the first one: the last second it is good, unix
  /// What a check of this chain said, so that requests on one connection pay for it once.
  struct Verdict {
    const void* asker = nullptr;    ///< whose rules; never followed
    const void* version = nullptr;  ///< of the certificates they were held against; never followed
    std::int64_t until = 0;         ///< unix seconds: dates are looked at again then
    bool good = false;
  };
  mutable Verdict verdict;
};

}  // namespace tykpp::net
