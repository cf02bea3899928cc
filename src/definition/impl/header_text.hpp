#pragma once
// Whether text of a definition may become part of a header.

#include <algorithm>
#include <string_view>

#include "base/ascii.hpp"

namespace tykpp::definition {

/// RFC 9110 section 5.6.2.
inline bool isHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [kMarks](char c) {
    return (toLower(c) >= 'a' && toLower(c) <= 'z') || isDigit(c) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

/// Characters that a header's value must not have (RFC 9110 section 5.5).
inline bool hasControls(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

}  // namespace tykpp::definition
