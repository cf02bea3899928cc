#include "response/impl/template.hpp"

#include <algorithm>

namespace tykpp::response {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimRight(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}
std::string_view trimLeft(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

Error bad(std::string_view text, std::string_view place, std::string reason) {
  const auto line = 1 + std::count(text.data(), place.data(), '\n');  // `place` is a part of `text`
  return {Errc::kBadConfig, "line " + std::to_string(line) + ": " + std::move(reason)};
}

/// What stands between `{{` and `}}`, and where the text goes on.
struct Action {
  std::string_view inside;  ///< without trim markers and spaces
  std::string_view rest;
  bool trim_before = false;
  bool trim_after = false;
  bool closed = false;
};

/// @param open  starts with `{{`
Action readAction(std::string_view open) {
  Action out;
  std::string_view body = open.substr(2);
  if (body.size() > 1 && body[0] == '-' && kSpace.find(body[1]) != std::string_view::npos) {
    out.trim_before = true;
    body.remove_prefix(2);
  }
  // A comment may hold braces, so its end is looked for first.
  std::size_t from = 0;
  if (trimLeft(body).starts_with("/*")) {
    const std::size_t end = body.find("*/");
    if (end == std::string_view::npos) return out;
    from = end + 2;
  }
  const std::size_t close = body.find("}}", from);
  if (close == std::string_view::npos) return out;
  out.closed = true;
  out.inside = body.substr(0, close);
  out.rest = body.substr(close + 2);
  if (out.inside.size() > 1 && out.inside.back() == '-' &&
      kSpace.find(out.inside[out.inside.size() - 2]) != std::string_view::npos) {
    out.trim_after = true;
    out.inside.remove_suffix(1);
  }
  out.inside = trimLeft(trimRight(out.inside));
  return out;
}

void appendHex(std::string& out, unsigned char byte) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

void appendJson(std::string& out, char c) {
  switch (c) {
    case '\\':
    case '\'':
    case '"':
      out += '\\';
      out += c;
      return;
    case '<':
    case '>':
    case '&':
    case '=':
      appendHex(out, static_cast<unsigned char>(c));
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    appendHex(out, static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

void appendXml(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '\'':
      out += "&#39;";
      break;
    case '"':
      out += "&#34;";
      break;
    case '\t':
      out += "&#x9;";
      break;
    case '\n':
      out += "&#xA;";
      break;
    case '\r':
      out += "&#xD;";
      break;
    default:
      // XML 1.0 has no other controls, not even as references.
      if (static_cast<unsigned char>(c) < 0x20) {
        out += "\xEF\xBF\xBD";
      } else {
        out += c;
      }
  }
}

}  // namespace

void appendEscaped(std::string& out, std::string_view message, Escaping escaping) {
  for (const char c : message) {
    if (escaping == Escaping::kXml) {
      appendXml(out, c);
    } else {
      appendJson(out, c);
    }
  }
}

Result<Template> Template::parse(std::string_view text) {
  Template out;
  out.pieces_.emplace_back();
  std::string_view rest = text;
  bool trim = false;
  while (true) {
    const std::size_t open = rest.find("{{");
    std::string_view literal = rest.substr(0, open);
    if (trim) literal = trimLeft(literal);
    if (open == std::string_view::npos) {
      out.pieces_.back().text += literal;
      return out;
    }
    const std::string_view place = rest.substr(open);
    const Action action = readAction(place);
    if (!action.closed) return bad(text, place, "`{{` without `}}`");
    out.pieces_.back().text += action.trim_before ? trimRight(literal) : literal;
    trim = action.trim_after;
    rest = action.rest;
    const bool comment = action.inside.starts_with("/*") && action.inside.ends_with("*/") &&
                         action.inside.size() >= 4;
    if (comment) continue;
    if (action.inside == ".Message") {
      out.pieces_.back().field = Field::kMessage;
    } else if (action.inside == ".StatusCode") {
      out.pieces_.back().field = Field::kStatusCode;
    } else {
      return bad(text, place,
                 "the action {{" + std::string(action.inside) +
                     "}} is not supported; error templates know {{.Message}}, {{.StatusCode}} and "
                     "comments");
    }
    out.pieces_.emplace_back();
  }
}

std::string Template::render(std::uint16_t status, std::string_view message,
                             Escaping escaping) const {
  std::string out;
  std::size_t size = message.size() + 16;
  for (const Piece& piece : pieces_) size += piece.text.size();
  out.reserve(size);
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.field == Field::kMessage) appendEscaped(out, message, escaping);
    if (piece.field == Field::kStatusCode) out += std::to_string(status);
  }
  return out;
}

}  // namespace tykpp::response
