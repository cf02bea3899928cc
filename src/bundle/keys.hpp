#pragma once
// RSA keys of bundles: signatures are PKCS #1 v1.5 over SHA-256.

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

struct evp_pkey_st;

namespace tykpp::bundle {

/// Checks signatures. Copies share the key. Thread: any.
class PublicKey {
 public:
  /// @param pem PKCS #1 (`RSA PUBLIC KEY`) or PKIX (`PUBLIC KEY`)
  /// @error kBadPlugin "ssh: no key found", "ssh: unsupported key type …" (what operators search
  /// for)
  static Result<PublicKey> parse(std::string_view pem);
  static Result<PublicKey> load(const std::string& file);
  /// @param digest SHA-256, 32 bytes @param signature raw bytes
  /// @error kBadPlugin "crypto/rsa: verification error"
  Result<void> verify(std::string_view digest, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

/// Makes signatures. Copies share the key. Thread: any.
class PrivateKey {
 public:
  /// @param pem PKCS #1 (`RSA PRIVATE KEY`) or PKCS #8 (`PRIVATE KEY`), without a passphrase
  static Result<PrivateKey> parse(std::string_view pem);
  static Result<PrivateKey> load(const std::string& file);
  /// @param digest SHA-256, 32 bytes @return raw bytes
  Result<std::string> sign(std::string_view digest) const;

 private:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

/// Both halves as PEM: PKCS #8 and PKIX.
struct KeyPair {
  std::string private_pem;
  std::string public_pem;
};
/// @param bits 2048 to 8192
Result<KeyPair> generateKeyPair(int bits);

}  // namespace tykpp::bundle
