#include "certs/rsa_signature.hpp"

#include <openssl/err.h>

#include <memory>

#include "certs/impl/pem.hpp"

namespace tykpp::certs {
namespace {

struct DigestDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestDeleter>;

const unsigned char* bytesOf(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

bool isRsa(const EVP_PKEY* key) noexcept {
  return key != nullptr && EVP_PKEY_is_a(key, "RSA") == 1;
}

bool verifyRsaSha256(EVP_PKEY* key, std::string_view text, std::string_view signature) noexcept {
  if (!isRsa(key)) return false;
  const DigestContext context(EVP_MD_CTX_new());
  // PKCS#1 v1.5 is what keys of this kind are used with unless somebody says otherwise.
  const bool good = context != nullptr &&
                    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), bytesOf(signature), signature.size(),
                                     bytesOf(text), text.size()) == 1;
  ERR_clear_error();  // a wrong signature is no news for the next who looks
  return good;
}

Result<std::string> signRsaSha256(EVP_PKEY* key, std::string_view text) {
  if (!isRsa(key)) return Error(Errc::kInternal, "it is no RSA key");
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  std::string signature;
  bool good = context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytesOf(text), text.size()) == 1;
  if (good) {
    signature.resize(size);
    good = EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          bytesOf(text), text.size()) == 1;
  }
  if (!good) return Error(Errc::kInternal, lastReason());
  signature.resize(size);
  return signature;
}

}  // namespace tykpp::certs
