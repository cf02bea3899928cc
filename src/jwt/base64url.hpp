#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tykpp::jwt {

/// Decodes RFC 4648 section 5 without padding, as RFC 7515 section 2 wants it: no other character,
/// and no bits behind the last byte, so that each text of bytes has one form.
std::optional<std::string> decodeBase64Url(std::string_view text);

}  // namespace tykpp::jwt
