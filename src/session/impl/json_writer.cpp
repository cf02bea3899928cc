#include "session/impl/json_writer.hpp"

#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace tykpp::session {
namespace {

constexpr char kHex[] = "0123456789abcdef";

/// The two-character escape of a byte, or 0.
char shortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    default:
      return 0;
  }
}

/// Adds the character at the front of `left` and takes it off.
void appendCharacter(std::string& out, std::string_view& left) {
  const char c = left.front();
  const auto byte = static_cast<unsigned char>(c);
  std::size_t length = 1;
  if (const char escape = shortEscape(c); escape != 0) {
    out += '\\';
    out += escape;
  } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else if (byte < 0x80) {
    out += c;
  } else if (length = utf8SequenceLength(left); length == 0) {
    out += "\\ufffd";
    length = 1;
  } else if (left.starts_with("\xE2\x80\xA8") || left.starts_with("\xE2\x80\xA9")) {
    out += "\\u202";  // line and paragraph separators end a line of JavaScript
    out += left[2] == '\xA8' ? '8' : '9';
  } else {
    out += left.substr(0, length);
  }
  left.remove_prefix(length);
}

}  // namespace

void appendJsonText(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) appendCharacter(out, text);
  out += '"';
}

void appendJsonNumber(std::string& out, double number) {
  const double size = std::fabs(number);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  char buffer[40];
  const auto [end, code] =
      std::to_chars(buffer, buffer + sizeof buffer, number,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed);
  static_cast<void>(code);  // the longest of either form has 25 characters
  out.append(buffer, end);
  // `1e-07` becomes `1e-7`.
  const std::size_t length = out.size();
  if (exponent && length >= 4 && out[length - 4] == 'e' && out[length - 3] == '-' &&
      out[length - 2] == '0') {
    out.erase(length - 2, 1);
  }
}

std::string indentJson(std::string_view compact) {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  const auto line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (quoted) {
      out += c;
      if (c == '\\') out += compact[++i];
      if (c == '"') quoted = false;
      continue;
    }
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    const bool empty = closes && i > 0 && (compact[i - 1] == '{' || compact[i - 1] == '[');
    if (opens) ++depth;
    if (closes) --depth;
    if (closes && !empty) line();
    out += c;
    quoted = c == '"';
    const bool next_closes =
        i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']');
    if ((opens && !next_closes) || c == ',') line();
    if (c == ':') out += ' ';
  }
  return out;
}

}  // namespace tykpp::session
