#pragma once
// Signatures of RSA keys: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2). Thread: any; keys
// may be shared.

#include <openssl/evp.h>

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::certs {

/// Whether a key, public or private, is of that kind. False for null.
bool isRsa(const EVP_PKEY* key) noexcept;
/// Whether the private half of an RSA key signed the text. @param signature  bytes
bool verifyRsaSha256(EVP_PKEY* key, std::string_view text, std::string_view signature) noexcept;
/// Signs with a private RSA key: under a millisecond for 2048 bits.
/// @return bytes @error kInternal, with OpenSSL's reason
Result<std::string> signRsaSha256(EVP_PKEY* key, std::string_view text);

}  // namespace tykpp::certs
