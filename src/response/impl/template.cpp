#include "response/impl/template.hpp"

#include "base/action_text.hpp"

namespace tykpp::response {
namespace {

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
  auto pieces = splitActions(text);
  if (!pieces) return pieces.error();
  Template out;
  for (ActionPiece& piece : *pieces) {
    Field field = Field::kNone;
    if (piece.action == ".Message") {
      field = Field::kMessage;
    } else if (piece.action == ".StatusCode") {
      field = Field::kStatusCode;
    } else if (piece.has_action) {
      return Error(Errc::kBadConfig,
                   "line " + std::to_string(piece.line) + ": the action {{" + piece.action +
                       "}} is not supported; error templates know {{.Message}}, {{.StatusCode}} "
                       "and comments");
    }
    out.pieces_.push_back({std::move(piece.text), field});
  }
  return out;
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
