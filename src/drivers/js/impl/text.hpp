#pragma once
// Text between the gateway (bytes, mostly UTF-8) and the engine (CESU-8: UTF-16 units, each written
// as UTF-8 would). Bytes that are no UTF-8 become reserved lone surrogates, U+DC80 to U+DCFF, so
// that what a script leaves untouched comes back byte for byte.

#include <string>
#include <string_view>

namespace tykpp::drivers::js {

/// Bytes as the engine holds them.
std::string toEngine(std::string_view bytes);
/// The other way; a lone surrogate that stands for no byte becomes U+FFFD.
std::string fromEngine(std::string_view text);
/// The same for text that must be UTF-8: bytes that are not become U+FFFD.
std::string fromEngineAsUtf8(std::string_view text);

/// Text as a JSON string with quotes, escaped as the original's encoder does (`<`, `>`, `&`,
/// U+2028, U+2029; U+FFFD for what is no UTF-8).
void appendJson(std::string& out, std::string_view bytes);

}  // namespace tykpp::drivers::js
