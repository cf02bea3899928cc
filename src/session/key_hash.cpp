#include "session/key_hash.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace tykpp::session {
namespace {

constexpr std::size_t kOrganisationDigits = 24;
constexpr std::size_t kMaxTokenJson = 64 * 1024;

/// Little-endian, as MurmurHash3 reads its blocks. At most 8 bytes.
std::uint64_t load(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

template <class Number>
void appendHex(std::string& out, Number number) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = static_cast<int>(sizeof number) * 8 - 4; shift >= 0; shift -= 4) {
    out += kDigits[static_cast<std::size_t>(number >> shift) & 15U];
  }
}

std::uint32_t murmur32(std::string_view text) {
  constexpr std::uint32_t kFirst = 0xcc9e2d51U;
  constexpr std::uint32_t kSecond = 0x1b873593U;
  const auto mixed = [](std::uint32_t block) { return std::rotl(block * kFirst, 15) * kSecond; };
  std::uint32_t hash = 0;
  std::string_view rest = text;
  for (; rest.size() >= 4; rest.remove_prefix(4)) {
    hash ^= mixed(static_cast<std::uint32_t>(load(rest.substr(0, 4))));
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64U;
  }
  hash ^= mixed(static_cast<std::uint32_t>(load(rest)));
  hash ^= static_cast<std::uint32_t>(text.size());
  hash = (hash ^ hash >> 16U) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13U) * 0xc2b2ae35U;
  return hash ^ hash >> 16U;
}

std::uint64_t finalMix(std::uint64_t value) {
  value = (value ^ value >> 33U) * 0xff51afd7ed558ccdULL;
  value = (value ^ value >> 33U) * 0xc4ceb9fe1a85ec53ULL;
  return value ^ value >> 33U;
}

/// MurmurHash3 x64_128.
std::pair<std::uint64_t, std::uint64_t> murmur128(std::string_view text) {
  constexpr std::uint64_t kFirst = 0x87c37b91114253d5ULL;
  constexpr std::uint64_t kSecond = 0x4cf5ad432745937fULL;
  const auto low = [](std::uint64_t block) { return std::rotl(block * kFirst, 31) * kSecond; };
  const auto high = [](std::uint64_t block) { return std::rotl(block * kSecond, 33) * kFirst; };
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  std::string_view rest = text;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    h1 ^= low(load(rest.substr(0, 8)));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729U;
    h2 ^= high(load(rest.substr(8, 8)));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5U;
  }
  if (rest.size() > 8) h2 ^= high(load(rest.substr(8)));
  h1 ^= low(load(rest.substr(0, 8)));
  h1 ^= text.size();
  h2 ^= text.size();
  h1 += h2;
  h2 += h1;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) appendHex(hex, digest[i]);
  return hex;
}

/// The text of a member of a token's JSON; empty when there is none.
std::string tokenMember(std::string_view token, const char* name) {
  if (!token.starts_with("ey") || token.size() > kMaxTokenJson) return {};
  const auto text = decodeBase64(token);
  if (!text || jsonDeeperThan(*text, 8)) return {};
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

}  // namespace

std::string hashText(std::string_view text, HashAlgorithm algorithm) {
  std::string hex;
  switch (algorithm) {
    case HashAlgorithm::kMurmur32:
      appendHex(hex, murmur32(text));
      break;
    case HashAlgorithm::kMurmur64:
      appendHex(hex, murmur128(text).first);
      break;
    case HashAlgorithm::kMurmur128: {
      const auto [first, second] = murmur128(text);
      appendHex(hex, first);
      appendHex(hex, second);
      break;
    }
    case HashAlgorithm::kSha256:
      hex = sha256(text);
      break;
  }
  return hex;
}

HashAlgorithm hashAlgorithm(std::string_view name, bool* known) {
  if (known != nullptr) *known = true;
  if (name.empty() || name == "murmur32") return HashAlgorithm::kMurmur32;
  if (name == "murmur64") return HashAlgorithm::kMurmur64;
  if (name == "murmur128") return HashAlgorithm::kMurmur128;
  if (name == "sha256") return HashAlgorithm::kSha256;
  if (known != nullptr) *known = false;
  return HashAlgorithm::kMurmur32;
}

HashAlgorithm tokenAlgorithm(std::string_view token) {
  const std::string name = tokenMember(token, "h");
  bool known = true;
  const HashAlgorithm algorithm = hashAlgorithm(name, &known);
  if (!known) {
    TYKPP_LOG(err, "session", "unknown hash function in a token function={} used=murmur32",
              log::quoted(std::string_view(name).substr(0, 40)));
  }
  return algorithm;
}

std::string hashToken(std::string_view token) { return hashText(token, tokenAlgorithm(token)); }

std::string makeToken(std::string_view org, std::string_view id, std::string_view function) {
  if (!org.empty() && id.starts_with(org)) id.remove_prefix(org.size());
  std::string fresh;
  if (id.empty()) {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return {};
    for (const unsigned char byte : random) appendHex(fresh, byte);
    id = fresh;
  }
  if (function.empty()) return std::string(org).append(id);
  bool known = true;
  hashAlgorithm(function, &known);
  if (!known) {
    TYKPP_LOG(warn, "session", "unknown hash_key_function={} used=murmur64", log::quoted(function));
    function = "murmur64";
  }
  // Not by a JSON library: the hash of a shared key is over this very text.
  std::string json = "{\"org\":\"";
  json.append(org).append("\",\"id\":\"").append(id).append("\",\"h\":\"").append(function);
  json += "\"}";
  return encodeBase64(json);
}

std::string organisationOf(std::string_view token) {
  if (std::string org = tokenMember(token, "org"); !org.empty()) return org;
  const std::string_view front = token.substr(0, kOrganisationDigits);
  const bool digits =
      std::all_of(front.begin(), front.end(), [](char c) { return hexValue(c) >= 0; });
  if (token.size() > kOrganisationDigits && digits) return std::string(front);
  return {};
}

}  // namespace tykpp::session
