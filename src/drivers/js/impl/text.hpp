#pragma once
// Text between the gateway (bytes, mostly UTF-8) and the engine (CESU-8: UTF-16 units, each written
// as UTF-8 would). Bytes that are no UTF-8 become reserved lone surrogates, U+DC80 to U+DCFF, so
// that what a script leaves untouched comes back byte for byte.

#include <string>
#include <string_view>

namespace tykpp::drivers::js {

/// Whether text means the same to both: ASCII alone.
bool isPlain(std::string_view text) noexcept;
/// Bytes as the engine holds them.
std::string toEngine(std::string_view bytes);
/// The other way; a lone surrogate that stands for no byte becomes U+FFFD.
std::string fromEngine(std::string_view text);
/// The same for text that must be UTF-8: bytes that are not become U+FFFD.
std::string fromEngineAsUtf8(std::string_view text);

/// Base64 of the standard alphabet (RFC 4648 section 4).
std::string base64(std::string_view bytes, bool padded);
/// @param padded  whether padding has to be there; without it there must be none
/// @return false when it is no such text. Line breaks are passed over.
bool unbase64(std::string_view text, bool padded, std::string& out);

/// Text as a JSON string with quotes, escaped as the original's encoder does (`<`, `>`, `&`,
/// U+2028, U+2029; U+FFFD for what is no UTF-8).
void appendJson(std::string& out, std::string_view bytes);

}  // namespace tykpp::drivers::js
