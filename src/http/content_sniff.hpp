#pragma once
// The type of a body that came without one.

#include <string_view>

namespace tykpp::http {

/// Guesses a media type from the first 512 bytes as browsers do (WHATWG MIME sniffing, the patterns
/// that servers use).
/// @return a static text; empty for an empty body
std::string_view sniffContentType(std::string_view body) noexcept;

}  // namespace tykpp::http
