#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::jwt {

enum class Hash : std::uint8_t { kSha1, kSha256, kSha384, kSha512 };

/// RFC 2104. Bytes; empty when OpenSSL refuses. Thread: any
std::string hmac(Hash hash, std::string_view key, std::string_view text);

}  // namespace tykpp::jwt
