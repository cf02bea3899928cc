#pragma once
// OpenSSL objects that free themselves.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

namespace tykpp::jwt::ssl {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

using Pkey = Owned<EVP_PKEY, &EVP_PKEY_free>;
using PkeyContext = Owned<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;
using MdContext = Owned<EVP_MD_CTX, &EVP_MD_CTX_free>;
using Md = Owned<EVP_MD, &EVP_MD_free>;
using Bio = Owned<BIO, &BIO_free_all>;
using Number = Owned<BIGNUM, &BN_free>;
using Certificate = Owned<X509, &X509_free>;
using ParamBuilder = Owned<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;
using Params = Owned<OSSL_PARAM, &OSSL_PARAM_free>;
using EcSignature = Owned<ECDSA_SIG, &ECDSA_SIG_free>;

inline const unsigned char* bytesOf(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace tykpp::jwt::ssl
