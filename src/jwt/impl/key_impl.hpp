#pragma once
#include <optional>
#include <string>

#include "jwt/impl/openssl.hpp"
#include "jwt/key.hpp"

namespace tykpp::jwt {

struct Key::Impl {
  Family family = Family::kHmac;
  std::string secret;
  ssl::Pkey pkey;
  int curve_bits = 0;               ///< of an EC key: 256, 384 or 521
  std::optional<Algorithm> only{};  ///< the `alg` of its JWK

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { OPENSSL_cleanse(secret.data(), secret.size()); }
};

/// An error that a bad key is; what OpenSSL noted about it is dropped.
Error badKey(const char* why);

}  // namespace tykpp::jwt
