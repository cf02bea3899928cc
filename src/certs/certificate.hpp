#pragma once
// Certificates as files and the certificate store have them: PEM text with a certificate, its
// chain and maybe its private key, or with one public key. Enters: text; leaves: parsed, immutable
// objects that listeners, client checks and upstream connections share. Thread: any.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::certs {

struct X509Deleter {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct KeyDeleter {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyDeleter>;

/// One entry of the store, or one file.
class Certificate {
 public:
  /// @param secret  what private keys in the text are encrypted with, if they are
  /// @error kBadConfig: no certificate and no public key, several private keys, or a part that
  /// cannot be read. A key that cannot be decrypted is left out: keyProblem() tells.
  static Result<std::shared_ptr<const Certificate>> parse(std::string_view pem,
                                                          std::string_view secret);
  /// Of a PEM file, and of a second one with the key. @error also when a file cannot be read
  static Result<std::shared_ptr<const Certificate>> load(const std::string& file,
                                                         const std::string& key_file,
                                                         std::string_view secret);
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  /// SHA-256 of the first certificate, or of a lone public key, in lower-case hex.
  const std::string& fingerprint() const noexcept { return fingerprint_; }
  /// SHA-256 of its public key (SubjectPublicKeyInfo), in lower-case hex.
  const std::string& keyFingerprint() const noexcept { return key_fingerprint_; }
  /// A lone public key: there is no certificate.
  bool publicKeyOnly() const noexcept { return chain_.empty(); }
  /// The first certificate; null when there is none.
  X509* leaf() const noexcept { return chain_.empty() ? nullptr : chain_.front().get(); }
  /// The certificates as they stand in the text.
  std::vector<X509*> chain() const;
  /// The private key; null when there is none, or none that can be read.
  EVP_PKEY* key() const noexcept { return key_.get(); }
  /// The public key, of the first certificate too; never null.
  EVP_PKEY* publicKey() const noexcept { return public_key_.get(); }
  /// Whether the text has a private key, readable or not.
  bool hasPrivate() const noexcept { return has_private_; }
  const std::string& keyProblem() const noexcept { return key_problem_; }

  /// Unix seconds; 0 for a public key.
  std::int64_t notBefore() const noexcept { return not_before_; }
  std::int64_t notAfter() const noexcept { return not_after_; }
  bool isAuthority() const noexcept { return authority_; }
  /// DNS names of the first certificate, as written.
  const std::vector<std::string>& dnsNames() const noexcept { return dns_names_; }
  /// Common name of its subject.
  const std::string& commonName() const noexcept { return common_name_; }
  /// Names that a server with it answers to, lower case.
  std::vector<std::string> serverNames() const;

 private:
  friend class Reader;
  Certificate() = default;
  void describe();
  std::vector<X509Ptr> chain_;
  KeyPtr key_;
  KeyPtr public_key_;
  bool has_private_ = false;
  std::string key_problem_;
  std::string fingerprint_;
  std::string key_fingerprint_;
  std::int64_t not_before_ = 0;
  std::int64_t not_after_ = 0;
  bool authority_ = false;
  std::vector<std::string> dns_names_;
  std::string common_name_;
};

using CertificatePtr = std::shared_ptr<const Certificate>;

/// What the store keeps of an upload: certificates in their order, then the private key, encrypted.
struct StoredForm {
  std::string fingerprint;
  std::string pem;
  std::int64_t not_after = 0;  ///< of the certificate; 0 for a public key
};
/// Checks an upload and brings it into the store's form.
/// @error kBadRequest, with a text for whoever uploaded it
Result<StoredForm> storedForm(std::string_view upload, std::string_view secret);

/// SHA-256 in lower-case hex.
std::string sha256Hex(std::string_view bytes);
/// A certificate's date as unix seconds; 0 for one that makes no sense.
std::int64_t unixSeconds(const ASN1_TIME* time) noexcept;

}  // namespace tykpp::certs
