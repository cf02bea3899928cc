#pragma once
// A key that verifies tokens. It knows what it is for: an algorithm of another family, or on
// another curve, never verifies with it, whatever a token claims.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "jwt/algorithm.hpp"

namespace tykpp::jwt {

/// RSA keys are 2048 to 8192 bits (RFC 7518 section 3.3 asks for the lower bound; the upper one
/// bounds the time that a signature takes).
inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 8192;

/// Thread: any; it does not change. Copies share it.
class Key {
 public:
  /// @error kBadRequest  an empty secret
  static Result<Key> fromSecret(std::string secret);
  /// A public key (SPKI) or certificate, PEM or DER; in PEM also PKCS#1.
  /// @error kBadRequest  neither, or a kind of key that no algorithm uses
  static Result<Key> fromPublic(std::string_view text);
  /// An entry of a key set (RFC 7517). Private parts are not looked at. One that says that it is
  /// not for signatures is an error. @error kBadRequest
  static Result<Key> fromJwk(const nlohmann::json& jwk);

  Family family() const noexcept;
  /// Whether signatures of the algorithm can be made with its private half.
  bool fits(Algorithm algorithm) const noexcept;
  /// Takes the same time for wrong signatures of one length, with secrets.
  bool verify(Algorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  struct Impl;
  explicit Key(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  static Result<Key> checked(std::shared_ptr<Impl> impl);
  static Result<Key> rsaFrom(const nlohmann::json& jwk);
  static Result<Key> ecFrom(const nlohmann::json& jwk);
  static Result<Key> certificateFrom(const nlohmann::json& jwk);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tykpp::jwt
