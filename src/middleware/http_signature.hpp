#pragma once
// Signatures over headers (draft-cavage-http-signatures-10, as the reference reads it): what
// clients send and what the gateway sends to upstreams.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace tykpp::middleware {

/// The one algorithm of certificates: RSASSA-PKCS1-v1_5 with SHA-256.
inline constexpr std::string_view kRsaSha256 = "rsa-sha256";

/// `Signature keyId="…",algorithm="…",headers="…",signature="…"`
struct HttpSignature {
  std::string key_id;
  std::string algorithm;
  std::vector<std::string> headers;  ///< `date` when the client says nothing
  std::string signature;
};

/// Reads a header's value; the word `Signature` may be missing. Nothing for other fields than those
/// four, and for text that is no list of fields.
std::optional<HttpSignature> parseSignature(std::string_view value);

/// The value of a header that says when the request was made: `x-aux-date`, else `date`.
std::string_view dateOf(const http::Request& request);

/// The text that a signature is over. @param path  of `(request-target)`
std::string signedText(const http::Request& request, const std::vector<std::string>& headers,
                       std::string_view path);

/// The signature of an HMAC algorithm as it stands in the header; `hmac-sha1` for a name nobody
/// knows. Empty for an empty secret.
std::string hmacSignature(std::string_view algorithm, std::string_view secret,
                          std::string_view text);

/// The signature of a private RSA key as it stands in the header. @error OpenSSL's
Result<std::string> rsaSignature(evp_pkey_st* key, std::string_view text);
/// Whether a signature out of a header, escaped or not, is that of an RSA key.
bool rsaFits(evp_pkey_st* key, std::string_view text, std::string_view signature);

/// Hex digits of percent escapes in upper case.
std::string upperEscapes(std::string_view text);

/// A date of RFC 1123, zone by name or as hours, in unix seconds; nothing for any other text.
std::optional<std::int64_t> parseHttpDate(std::string_view text);

}  // namespace tykpp::middleware
