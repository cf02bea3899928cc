#pragma once
// Names of keys: how a token is made, hashed and read back. Enters: organisation, identifier,
// token; leaves: the text under which the store has the session.

#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::session {

/// How a key is hashed.
enum class HashAlgorithm : std::uint8_t { kMurmur32, kMurmur64, kMurmur128, kSha256 };

/// Lower-case hex of the digest, most significant byte first; seed 0.
std::string hashText(std::string_view text, HashAlgorithm algorithm);
/// hashText() with murmur32.
inline std::string shortHash(std::string_view text) {
  return hashText(text, HashAlgorithm::kMurmur32);
}

/// The algorithm of a name; murmur32 for an empty one. @param known  set to false for another name,
/// which gives murmur32 as well. Source: `hash_key_function`
HashAlgorithm hashAlgorithm(std::string_view name, bool* known = nullptr);

/// The algorithm that a token names in its member `h`; murmur32 without one. A name nobody knows is
/// logged and gives murmur32.
HashAlgorithm tokenAlgorithm(std::string_view token);

/// hashText() by the token's own algorithm: what the store's key ends with when `hash_keys` is on.
std::string hashToken(std::string_view token);

/// A token for an identifier: both joined, or, with a function, the base64 text of a JSON object
/// with `org`, `id` and `h`. A leading organisation in `id` is cut; an empty `id` becomes 32 random
/// hex digits. A function nobody knows is logged and gives murmur64.
std::string makeToken(std::string_view org, std::string_view id, std::string_view function);

/// The organisation in a token: of its JSON, else its first 24 characters if they are hex digits
/// and more follow; else empty.
std::string organisationOf(std::string_view token);

}  // namespace tykpp::session
