#pragma once
// An RSA key made for a test, with a certificate that it signed itself.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tykpp::test {

class RsaPair {
 public:
  RsaPair() : key_(EVP_RSA_gen(2048), &EVP_PKEY_free) {}
  EVP_PKEY* key() const { return key_.get(); }
  std::string publicPem() const {
    return written([this](BIO* out) { return PEM_write_bio_PUBKEY(out, key()); });
  }
  std::string privatePem() const {
    return written([this](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  /// Good for a day.
  std::string certificatePem() const {
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400);
    X509_set_pubkey(made.get(), key());
    X509_sign(made.get(), key(), EVP_sha256());
    return written([&made](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
  }

 private:
  template <class Write>
  static std::string written(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
    write(out.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace tykpp::test
