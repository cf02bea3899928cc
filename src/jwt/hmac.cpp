#include "jwt/hmac.hpp"

#include "jwt/impl/openssl.hpp"

namespace tykpp::jwt {
namespace {

const EVP_MD* digestOf(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return EVP_sha256();
    case Hash::kSha384:
      return EVP_sha384();
    case Hash::kSha512:
      return EVP_sha512();
    case Hash::kSha1:
      break;
  }
  return EVP_sha1();
}

}  // namespace

std::string hmac(Hash hash, std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(digestOf(hash), key.data(), static_cast<int>(key.size()), ssl::bytesOf(text),
           text.size(), digest, &size) == nullptr)
    return {};
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace tykpp::jwt
