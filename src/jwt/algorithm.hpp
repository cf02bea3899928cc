#pragma once
// Signature algorithms of JSON Web Tokens (RFC 7518 section 3.1).

#include <cstdint>
#include <optional>
#include <string_view>

namespace tykpp::jwt {

enum class Algorithm : std::uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
};

/// What keys of an algorithm are.
enum class Family : std::uint8_t { kHmac, kRsa, kEcdsa };

/// The algorithm of a name, which is case-sensitive; nothing for `none` and every other.
std::optional<Algorithm> algorithmOf(std::string_view name) noexcept;
/// The kind of key that an algorithm takes.
constexpr Family familyOf(Algorithm algorithm) noexcept {
  if (algorithm <= Algorithm::kHs512) return Family::kHmac;
  return algorithm <= Algorithm::kPs512 ? Family::kRsa : Family::kEcdsa;
}

/// 256, 384 or 512.
constexpr int bitsOf(Algorithm algorithm) noexcept {
  return 256 + 128 * (static_cast<int>(algorithm) % 3);
}

}  // namespace tykpp::jwt
