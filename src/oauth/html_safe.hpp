#pragma once
#include <string>
#include <string_view>

namespace tykpp::oauth {

/// JSON text that a browser would not take for markup: `<`, `>` and `&` escaped, as the reference
/// stores and answers it.
inline std::string htmlSafe(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace tykpp::oauth
