#include "jwt/key.hpp"

#include "base/ascii.hpp"
#include "jwt/impl/key_impl.hpp"

namespace tykpp::jwt {
namespace {

const EVP_MD* digestOf(Algorithm algorithm) {
  switch (bitsOf(algorithm)) {
    case 256:
      return EVP_sha256();
    case 384:
      return EVP_sha384();
    default:
      return EVP_sha512();
  }
}

bool isPss(Algorithm algorithm) {
  return algorithm >= Algorithm::kPs256 && algorithm <= Algorithm::kPs512;
}

bool verifyHmac(const std::string& secret, Algorithm algorithm, std::string_view text,
                std::string_view signature) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(digestOf(algorithm), secret.data(), static_cast<int>(secret.size()), ssl::bytesOf(text),
           text.size(), digest, &size) == nullptr)
    return false;
  const std::string_view wanted(reinterpret_cast<const char*>(digest), size);
  return equalsConstantTime(wanted, signature);
}

/// `R || S` of one length (RFC 7518 section 3.4) as OpenSSL wants it; empty when it is none.
std::string derOf(std::string_view signature, int curve_bits) {
  const std::size_t half = static_cast<std::size_t>(curve_bits + 7) / 8;
  if (signature.size() != 2 * half) return {};
  const int size = static_cast<int>(half);
  ssl::Number r(BN_bin2bn(ssl::bytesOf(signature), size, nullptr));
  ssl::Number s(BN_bin2bn(ssl::bytesOf(signature.substr(half)), size, nullptr));
  const ssl::EcSignature parts(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || parts == nullptr || BN_is_zero(r.get()) ||
      BN_is_zero(s.get()) || ECDSA_SIG_set0(parts.get(), r.get(), s.get()) != 1)
    return {};
  static_cast<void>(r.release());  // they are the signature's now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(parts.get(), &der);
  if (length <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

bool verifyPublic(EVP_PKEY* key, Algorithm algorithm, std::string_view text,
                  std::string_view signature) {
  const ssl::MdContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;  // the context's
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), &details, digestOf(algorithm), nullptr, key) != 1)
    return false;
  if (isPss(algorithm) && (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1 ||
                           EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(context.get(), ssl::bytesOf(signature), signature.size(),
                          ssl::bytesOf(text), text.size()) == 1;
}

}  // namespace

Family Key::family() const noexcept { return impl_->family; }

bool Key::fits(Algorithm algorithm) const noexcept {
  if (familyOf(algorithm) != impl_->family) return false;
  if (impl_->only && *impl_->only != algorithm) return false;
  if (impl_->family != Family::kEcdsa) return true;
  const int wanted = bitsOf(algorithm) == 512 ? 521 : bitsOf(algorithm);
  return impl_->curve_bits == wanted;
}

bool Key::verify(Algorithm algorithm, std::string_view text, std::string_view signature) const {
  if (!fits(algorithm) || signature.empty()) return false;
  if (impl_->family == Family::kHmac) return verifyHmac(impl_->secret, algorithm, text, signature);
  bool good = false;
  if (impl_->family == Family::kEcdsa) {
    const std::string der = derOf(signature, impl_->curve_bits);
    good = !der.empty() && verifyPublic(impl_->pkey.get(), algorithm, text, der);
  } else {
    good = verifyPublic(impl_->pkey.get(), algorithm, text, signature);
  }
  ERR_clear_error();
  return good;
}

}  // namespace tykpp::jwt
