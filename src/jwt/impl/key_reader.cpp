// Keys from secrets, PEM, certificates and JWK.

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "jwt/base64url.hpp"
#include "jwt/impl/key_impl.hpp"

namespace tykpp::jwt {
namespace {

using Json = nlohmann::json;

std::string textIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

ssl::Number numberIn(const Json& object, const char* name) {
  const std::optional<std::string> bytes = decodeBase64Url(textIn(object, name));
  constexpr std::size_t kMostBytes = kMaxRsaBits / 8 + 1;
  if (!bytes || bytes->empty() || bytes->size() > kMostBytes) return nullptr;
  return ssl::Number(BN_bin2bn(ssl::bytesOf(*bytes), static_cast<int>(bytes->size()), nullptr));
}

ssl::Pkey built(const char* type, OSSL_PARAM_BLD* builder) {
  const ssl::Params params(OSSL_PARAM_BLD_to_param(builder));
  const ssl::PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return ssl::Pkey(key);
}

ssl::Pkey keyOf(ssl::Certificate certificate) {
  return certificate == nullptr ? nullptr : ssl::Pkey(X509_get_pubkey(certificate.get()));
}

ssl::Pkey fromPem(std::string_view text) {
  const auto open = [text] {
    return ssl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  };
  // No password is asked for: nobody sits at the terminal.
  pem_password_cb* const silent = [](char*, int, int, void*) { return -1; };
  if (ssl::Pkey key(PEM_read_bio_PUBKEY(open().get(), nullptr, silent, nullptr)); key != nullptr)
    return key;
  return keyOf(ssl::Certificate(PEM_read_bio_X509(open().get(), nullptr, silent, nullptr)));
}

ssl::Pkey fromDer(std::string_view bytes) {
  const unsigned char* at = ssl::bytesOf(bytes);
  const auto size = static_cast<long>(bytes.size());
  if (ssl::Pkey key(d2i_PUBKEY(nullptr, &at, size)); key != nullptr) return key;
  at = ssl::bytesOf(bytes);
  return keyOf(ssl::Certificate(d2i_X509(nullptr, &at, size)));
}

/// 256, 384 or 521; 0 for any other curve.
int curveBits(EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return 0;
  const std::string_view curve(name, size);
  if (curve == "prime256v1" || curve == "P-256") return 256;
  if (curve == "secp384r1" || curve == "P-384") return 384;
  if (curve == "secp521r1" || curve == "P-521") return 521;
  return 0;
}

bool goodRsa(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return false;
  BIGNUM* given = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &given) != 1) return false;
  const ssl::Number exponent(given);
  // Long ones are a way to make verifying slow, 1 makes every text its own signature.
  return BN_is_odd(exponent.get()) && !BN_is_one(exponent.get()) &&
         BN_num_bits(exponent.get()) <= 33;
}

/// Names of algorithms that encrypt (RFC 7518 sections 4 and 5).
bool encrypts(std::string_view algorithm) {
  for (const std::string_view start :
       {"RSA1_5", "RSA-OAEP", "ECDH-ES", "PBES2", "A128", "A192", "A256"}) {
    if (algorithm.starts_with(start)) return true;
  }
  return algorithm == "dir";
}

/// Whether an entry of a key set says that it signs.
bool forSignatures(const Json& jwk) {
  if (encrypts(textIn(jwk, "alg"))) return false;
  if (const auto use = jwk.find("use"); use != jwk.end() && *use != "sig") return false;
  const auto ops = jwk.find("key_ops");
  if (ops == jwk.end()) return true;
  if (!ops->is_array()) return false;
  for (const Json& op : *ops) {
    if (op == "verify") return true;
  }
  return false;
}

}  // namespace

Error badKey(const char* why) {
  ERR_clear_error();
  return Error(Errc::kBadRequest, why);
}

Result<Key> Key::checked(std::shared_ptr<Impl> impl) {
  if (impl->pkey == nullptr) return badKey("is neither a public key nor a certificate");
  if (EVP_PKEY_is_a(impl->pkey.get(), "RSA") == 1) {
    impl->family = Family::kRsa;
    if (!goodRsa(impl->pkey.get()))
      return badKey("is an RSA key of less than 2048 or more than 8192 bits, or a weak one");
  } else if (EVP_PKEY_is_a(impl->pkey.get(), "EC") == 1) {
    impl->family = Family::kEcdsa;
    impl->curve_bits = curveBits(impl->pkey.get());
    if (impl->curve_bits == 0) return badKey("is on none of the curves P-256, P-384 and P-521");
  } else {
    return badKey("is neither an RSA nor an EC key");
  }
  const ssl::PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, impl->pkey.get(), nullptr));
  if (impl->family == Family::kEcdsa &&
      (context == nullptr || EVP_PKEY_public_check(context.get()) != 1))
    return badKey("is no point of its curve");
  return Key(std::move(impl));
}

Result<Key> Key::fromSecret(std::string secret) {
  if (secret.empty()) return badKey("an empty secret");
  auto impl = std::make_shared<Impl>();
  impl->secret = std::move(secret);
  return Key(std::move(impl));
}

Result<Key> Key::fromPublic(std::string_view text) {
  constexpr std::size_t kMostBytes = 1U << 20;
  if (text.size() > kMostBytes) return badKey("is too long for a key");
  auto impl = std::make_shared<Impl>();
  const bool pem = text.find("-----BEGIN") != std::string_view::npos;
  impl->pkey = pem ? fromPem(text) : fromDer(text);
  return checked(std::move(impl));
}

Result<Key> Key::rsaFrom(const Json& jwk) {
  const ssl::Number modulus = numberIn(jwk, "n");
  const ssl::Number exponent = numberIn(jwk, "e");
  const ssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (modulus == nullptr || exponent == nullptr || builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
    return badKey("n or e is missing or cannot be read");
  auto impl = std::make_shared<Impl>();
  impl->pkey = built("RSA", builder.get());
  return checked(std::move(impl));
}

Result<Key> Key::ecFrom(const Json& jwk) {
  const std::string curve = textIn(jwk, "crv");
  const std::size_t bytes = curve == "P-256"   ? 32
                            : curve == "P-384" ? 48
                            : curve == "P-521" ? 66
                                               : 0;
  const std::optional<std::string> x = decodeBase64Url(textIn(jwk, "x"));
  const std::optional<std::string> y = decodeBase64Url(textIn(jwk, "y"));
  if (bytes == 0 || !x || !y || x->size() != bytes || y->size() != bytes)
    return badKey("crv, x or y is missing or cannot be read");
  const std::string point = '\x04' + *x + *y;
  const ssl::ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(),
                                      0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return badKey("no memory");
  auto impl = std::make_shared<Impl>();
  impl->pkey = built("EC", builder.get());
  return checked(std::move(impl));
}

/// `x5c` alone: its first certificate, as RFC 7517 has it or with PEM text inside the base64, as
/// old issuers do.
Result<Key> Key::certificateFrom(const Json& jwk) {
  const auto chain = jwk.find("x5c");
  if (chain == jwk.end() || !chain->is_array() || chain->empty() || !(*chain)[0].is_string())
    return badKey("has neither parameters nor a certificate");
  const std::optional<std::string> decoded = decodeBase64((*chain)[0].get<std::string>());
  if (!decoded) return badKey("the certificate is no base64");
  return fromPublic(*decoded);
}

Result<Key> Key::fromJwk(const Json& jwk) {
  if (!jwk.is_object()) return badKey("is no object");
  if (!forSignatures(jwk)) return badKey("is not for signatures");
  const std::string type = textIn(jwk, "kty");
  Result<Key> key = badKey("is of another type than RSA, EC and oct");
  if (type == "oct") {
    const std::optional<std::string> secret = decodeBase64Url(textIn(jwk, "k"));
    key = fromSecret(secret.value_or(""));
  } else if (type == "RSA" || type == "rsa") {
    key = jwk.contains("n") ? rsaFrom(jwk) : certificateFrom(jwk);
  } else if (type == "EC") {
    key = jwk.contains("x") ? ecFrom(jwk) : certificateFrom(jwk);
  }
  if (!key) return key;
  // A name nobody knows says nothing.
  if (const std::optional<Algorithm> only = algorithmOf(textIn(jwk, "alg")); only)
    std::const_pointer_cast<Impl>(key->impl_)->only = only;
  return key;
}

}  // namespace tykpp::jwt
