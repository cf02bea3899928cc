#include "base/action_text.hpp"

#include <algorithm>

namespace tykpp {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimRight(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}
std::string_view trimLeft(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

/// What stands between `{{` and `}}`, and where the text goes on.
struct Action {
  std::string_view inside;  ///< without trim markers and spaces
  std::string_view rest;
  bool trim_before = false;
  bool trim_after = false;
  bool closed = false;

  bool isComment() const noexcept {
    return inside.size() >= 4 && inside.starts_with("/*") && inside.ends_with("*/");
  }
};

/// The end of an action: braces within quotes and comments do not count.
std::size_t findClose(std::string_view body) {
  if (trimLeft(body).starts_with("/*")) {
    const std::size_t end = body.find("*/");
    return end == std::string_view::npos ? end : body.find("}}", end + 2);
  }
  char quote = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '`') {
      quote = c;
    } else if (c == '}' && body.substr(i).starts_with("}}")) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// @param open  starts with `{{`
Action readAction(std::string_view open) {
  Action out;
  std::string_view body = open.substr(2);
  if (body.size() > 1 && body[0] == '-' && kSpace.find(body[1]) != std::string_view::npos) {
    out.trim_before = true;
    body.remove_prefix(2);
  }
  const std::size_t close = findClose(body);
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

}  // namespace

Result<std::vector<ActionPiece>> splitActions(std::string_view text) {
  std::vector<ActionPiece> pieces(1);
  std::string_view rest = text;
  bool trim = false;
  while (true) {
    const std::size_t open = rest.find("{{");
    std::string_view literal = rest.substr(0, open);
    if (trim) literal = trimLeft(literal);
    if (open == std::string_view::npos) {
      pieces.back().text += literal;
      return pieces;
    }
    const std::string_view place = rest.substr(open);
    const auto line = 1 + std::count(text.data(), place.data(), '\n');
    const Action action = readAction(place);
    if (!action.closed) {
      return Error(Errc::kBadConfig, "line " + std::to_string(line) + ": `{{` without `}}`");
    }
    pieces.back().text += action.trim_before ? trimRight(literal) : literal;
    trim = action.trim_after;
    rest = action.rest;
    if (action.isComment()) continue;
    pieces.back().action = action.inside;
    pieces.back().has_action = true;
    pieces.back().line = static_cast<std::size_t>(line);
    pieces.emplace_back();
  }
}

}  // namespace tykpp
