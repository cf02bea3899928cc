#pragma once
// JSON Web Tokens: signed ones in compact form (RFC 7515 section 3.1, RFC 7519). What enters is
// text of a client, what leaves is parsed and not yet believed: a Key verifies it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::jwt {

/// Longer tokens are refused unread.
inline constexpr std::size_t kMaxTokenBytes = 64U << 10;
/// Header and claims nested deeper than this are refused.
inline constexpr std::size_t kMaxTokenDepth = 32;

/// Thread: any; it does not change.
class Token {
 public:
  /// Whether the second part has to be claims; kAny leaves it unread, and claims() empty.
  enum class Payload : std::uint8_t { kClaims, kAny };

  /// @param text  without scheme; must outlive the object, which has views into it
  /// @error kBadRequest  anything but three parts of strict base64url with two JSON objects in
  /// front, or a header that names critical extensions (none is known here)
  static Result<Token> parse(std::string_view text, Payload payload = Payload::kClaims);

  /// `alg` as the client wrote it; empty when it is missing or no text. View: into the object.
  const std::string& algorithm() const noexcept { return algorithm_; }
  /// `kid`; nothing when it is missing or no text.
  const std::optional<std::string>& kid() const noexcept { return kid_; }
  const nlohmann::json& header() const noexcept { return *header_; }
  const nlohmann::json& claims() const noexcept { return *claims_; }
  /// What the signature is over. View: into the text.
  std::string_view signedText() const noexcept { return signed_text_; }
  /// Bytes.
  const std::string& signature() const noexcept { return signature_; }

 private:
  Token() = default;
  std::shared_ptr<const nlohmann::json> header_;
  std::shared_ptr<const nlohmann::json> claims_;
  std::string algorithm_;
  std::optional<std::string> kid_;
  std::string_view signed_text_;
  std::string signature_;
};

}  // namespace tykpp::jwt
