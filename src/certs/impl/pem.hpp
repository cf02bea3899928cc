#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "certs/certificate.hpp"

namespace tykpp::certs {

/// A block of PEM text.
struct PemBlock {
  std::string type;     ///< `CERTIFICATE`
  std::string headers;  ///< lines in front of the data
  std::string data;     ///< decoded
  bool encrypted() const noexcept { return headers.find("ENCRYPTED") != std::string::npos; }
};

/// The blocks of a text, as far as they can be read; what stands between them is skipped.
std::vector<PemBlock> readPem(std::string_view text);
std::string writePem(const PemBlock& block);

/// The traditional encryption of PEM, AES-256-CBC: what the store has in common with other
/// gateways. @return nothing when it cannot be decrypted
std::optional<std::string> decryptKey(const PemBlock& block, std::string_view secret);
/// @error kInternal  no random numbers
Result<PemBlock> encryptKey(std::string_view der, std::string_view secret);

/// A private key in DER: PKCS#1, SEC 1 or PKCS#8; null for anything else.
KeyPtr privateKey(std::string_view der);
X509Ptr certificate(std::string_view der);
/// The reason OpenSSL gave last; empties its list.
std::string lastReason();

}  // namespace tykpp::certs
