#pragma once
// Base64 with padding (RFC 4648 section 4), as `raw_body` has it.

#include <optional>
#include <string>
#include <string_view>

namespace tykpp::drivers::lua {

std::string encodeBase64(std::string_view bytes);
/// Padding may be missing and line breaks may be in it; nothing else may. Empty when it is none.
std::optional<std::string> decodeBase64(std::string_view text);

}  // namespace tykpp::drivers::lua
