#include "definition/listen_path.hpp"

#include <re2/re2.h>

#include <string>
#include <vector>

namespace tykpp::definition {
namespace {

/// `{name}` or `{name:pattern}` between the braces.
Result<void> checkVariable(std::string_view variable) {
  const std::size_t colon = variable.find(':');
  const std::string_view name = variable.substr(0, colon);
  const auto fail = [&](std::string reason) {
    return Error(Errc::kBadDefinition, "\"{" + std::string(variable) + "}\": " + std::move(reason));
  };
  if (name.empty()) return fail("the variable has no name");
  if (colon == std::string_view::npos) return {};
  const std::string_view pattern = variable.substr(colon + 1);
  if (pattern.empty()) return fail("the pattern is empty");
  RE2::Options options(RE2::Quiet);
  const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled.ok()) return fail("the pattern is not a valid RE2 expression: " + compiled.error());
  if (compiled.NumberOfCapturingGroups() > 0) {
    return fail("the pattern has a capture group, write (?:…) instead");
  }
  return {};
}

/// Calls checkVariable for every outermost pair of braces.
Result<void> checkBraces(std::string_view text) {
  std::size_t depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' && depth++ == 0) start = i + 1;
    if (text[i] == '}') {
      if (depth == 0) return Error(Errc::kBadDefinition, "unbalanced braces");
      if (--depth == 0) {
        if (auto checked = checkVariable(text.substr(start, i - start)); !checked) return checked;
      }
    }
  }
  if (depth != 0) return Error(Errc::kBadDefinition, "unbalanced braces");
  return {};
}

Error invalid(const Error& cause) {
  return {Errc::kBadDefinition, "Invalid listen path when creating router: " + cause.message()};
}

}  // namespace

std::string normaliseListenPath(std::string_view path) {
  if (path.empty()) return {};
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    at = slash + 1;
  }
  std::string out;
  for (const std::string_view part : parts) {
    out.push_back('/');
    out += part;
  }
  if (out.empty() || path.back() == '/') out.push_back('/');
  return out;
}

Result<void> checkListenPath(std::string_view path) {
  if (path.empty()) return Error(Errc::kBadDefinition, "Listen path is empty");
  for (const char c : path) {
    if (c == ' ') return Error(Errc::kBadDefinition, "Listen path contains spaces, is invalid");
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return Error(Errc::kBadDefinition, "Listen path contains a control character, is invalid");
    }
  }
  if (path.find_first_of("{}") == std::string_view::npos) return {};
  if (auto checked = checkBraces(path); !checked) return invalid(checked.error());
  return {};
}

Result<void> checkDomain(std::string_view domain) {
  std::size_t depth = 0;
  for (const char c : domain) {
    if (c == '{') ++depth;
    if (c == '}' && depth > 0) --depth;
    const auto byte = static_cast<unsigned char>(c);
    const bool in_pattern = depth > 0 || c == '}';
    if (byte <= 0x20 || byte == 0x7f ||
        (!in_pattern && (c == '/' || c == '?' || c == '#' || c == '@'))) {
      return Error(Errc::kBadDefinition,
                   "the domain is no host name: \"" + std::string(domain) + "\"");
    }
  }
  if (domain.find_first_of("{}") == std::string_view::npos) return {};
  return checkBraces(domain);
}

}  // namespace tykpp::definition
