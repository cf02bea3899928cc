#include "route/impl/pattern.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"

namespace tykpp::route {
namespace {

constexpr std::string_view kPathDefault = "[^/]+";
constexpr std::string_view kHostDefault = "[^.]+";
constexpr std::int64_t kMaxProgramBytes = 1 << 20;  // RE2's memory for one expression

Error bad(std::string message) { return {Errc::kBadDefinition, std::move(message)}; }

/// Paths may hold any bytes, so bytes are what is matched, unless the expression itself speaks of
/// other characters.
RE2::Options options(std::string_view expression) {
  const bool beyond_ascii = expression.find("\\p") != std::string_view::npos ||
                            expression.find("\\P") != std::string_view::npos ||
                            std::any_of(expression.begin(), expression.end(), [](char c) {
                              return static_cast<unsigned char>(c) >= 0x80;
                            });
  RE2::Options out(beyond_ascii ? RE2::DefaultOptions : RE2::Latin1);
  out.set_log_errors(false);
  out.set_max_mem(kMaxProgramBytes);
  return out;
}

Result<std::unique_ptr<RE2>> compileParts(const std::vector<PatternPart>& parts,
                                          std::string_view default_expression) {
  std::string text;
  for (const PatternPart& part : parts) {
    if (!part.variable) {
      text += RE2::QuoteMeta(re2::StringPiece(part.text.data(), part.text.size()));
      continue;
    }
    text.append("(?:").append(part.text.empty() ? default_expression : part.text).append(")");
  }
  auto expression = std::make_unique<RE2>(text, options(text));
  if (!expression->ok()) return bad("the regular expression is invalid: " + expression->error());
  if (expression->NumberOfCapturingGroups() > 0) {
    return bad("the regular expression has a capture group; write (?:…) instead of (…)");
  }
  return expression;
}

}  // namespace

Result<std::vector<PatternPart>> splitPattern(std::string_view text) {
  std::vector<PatternPart> parts;
  std::size_t literal = 0;
  std::size_t open = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' && ++depth == 1) {
      open = i;
    } else if (text[i] == '}' && --depth == 0) {
      const std::string_view inside = text.substr(open + 1, i - open - 1);
      const std::size_t colon = inside.find(':');
      const std::string_view name = inside.substr(0, colon);
      const std::string_view expression =
          colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1);
      if (name.empty()) return bad("a variable has no name: {" + std::string(inside) + "}");
      if (colon != std::string_view::npos && expression.empty()) {
        return bad("a variable has an empty regular expression: {" + std::string(inside) + "}");
      }
      parts.push_back({text.substr(literal, open - literal), false});
      parts.push_back({expression, true});
      literal = i + 1;
    }
    if (depth < 0) break;
  }
  if (depth != 0) return bad("unbalanced braces in " + std::string(text));
  parts.push_back({text.substr(literal), false});
  return parts;
}

Result<PathTemplate> PathTemplate::compile(std::string_view text) {
  auto parts = splitPattern(text);
  if (!parts) return parts.error();
  PathTemplate out;
  bool plain = true;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const PatternPart& part = (*parts)[i];
    if (part.variable) {
      plain = plain && part.text.empty();
      continue;
    }
    const bool before_slash = part.text.empty() ? i + 1 == parts->size() : part.text.front() == '/';
    plain = plain && (i == 0 || before_slash);
    out.literals_.emplace_back(part.text);
  }
  if (!plain) {
    auto expression = compileParts(*parts, kPathDefault);
    if (!expression) return expression.error();
    out.expression_ = std::move(*expression);
  }
  return out;
}

std::optional<std::size_t> PathTemplate::match(std::string_view path) const noexcept {
  if (expression_ == nullptr) return matchSegments(path);
  re2::StringPiece found;
  const re2::StringPiece text(path.data(), path.size());
  if (!expression_->Match(text, 0, path.size(), RE2::ANCHOR_START, &found, 1)) return std::nullopt;
  return found.size();
}

std::optional<std::size_t> PathTemplate::matchSegments(std::string_view path) const noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    if (i > 0) {  // a variable takes its whole segment, which must not be empty
      const std::size_t slash = std::min(path.find('/', at), path.size());
      if (slash == at) return std::nullopt;
      at = slash;
    }
    if (!path.substr(at).starts_with(literals_[i])) return std::nullopt;
    at += literals_[i].size();
  }
  return at;
}

Result<HostPattern> HostPattern::compile(std::string_view text) {
  HostPattern out;
  if (text.starts_with("*.")) {
    out.bucket_ = text.substr(1);
    out.has_port_ = out.bucket_.find(':') != std::string::npos;
    if (out.bucket_.find_first_of("*{}") != std::string::npos || out.bucket_.size() < 2) {
      return bad("a `*` stands for the first labels of a domain alone, as in *.example.com");
    }
    return out;
  }
  auto parts = splitPattern(text);
  if (!parts) return parts.error();
  for (const PatternPart& part : *parts) {
    if (part.variable) continue;
    if (part.text.find('*') != std::string_view::npos) {
      return bad("a `*` stands for the first labels of a domain alone, as in *.example.com");
    }
    out.has_port_ = out.has_port_ || part.text.find(':') != std::string_view::npos;
  }
  const std::string_view tail = parts->back().text;
  const std::size_t dot = tail.find('.');
  if (dot != std::string_view::npos) out.bucket_ = tail.substr(dot);
  auto expression = compileParts(*parts, kHostDefault);
  if (!expression) return expression.error();
  out.expression_ = std::move(*expression);
  return out;
}

bool HostPattern::match(std::string_view host) const noexcept {
  if (expression_ == nullptr) {
    return host.size() > bucket_.size() && host.front() != '.' && host.ends_with(bucket_);
  }
  const re2::StringPiece text(host.data(), host.size());
  return expression_->Match(text, 0, host.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace tykpp::route
