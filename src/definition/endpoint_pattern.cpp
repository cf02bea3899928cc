#include "definition/endpoint_pattern.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace tykpp::definition {
namespace {

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Every `{…}` becomes a segment; an expression inside the braces is lost, as in the reference.
std::string withSegments(std::string_view text) {
  const auto opening = std::count(text.begin(), text.end(), '{');
  if (opening == 0 || opening != std::count(text.begin(), text.end(), '}')) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    out += "([^/]+)";
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

}  // namespace

struct EndpointPattern::Expression {
  RE2 compiled;
};

EndpointPattern::EndpointPattern(std::unique_ptr<const Expression> expression)
    : expression_(std::move(expression)) {}
EndpointPattern::~EndpointPattern() = default;
EndpointPattern::EndpointPattern(EndpointPattern&&) noexcept = default;
EndpointPattern& EndpointPattern::operator=(EndpointPattern&&) noexcept = default;

Result<EndpointPattern> EndpointPattern::compile(std::string_view text,
                                                 const EndpointMatching& matching) {
  std::string expression = withSegments(text);
  replaceAll(expression, "/*/", "/[^/]+/");
  replaceAll(expression, "/*", "/.*");
  if (matching.prefix && expression.starts_with('/')) expression.insert(0, 1, '^');
  if (matching.suffix && !expression.ends_with('$')) expression += '$';
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!matching.ignore_case);
  options.set_encoding(RE2::Options::EncodingLatin1);  // paths are bytes
  auto compiled = std::unique_ptr<Expression>(new Expression{RE2(expression, options)});
  if (!compiled->compiled.ok()) {
    return Error(Errc::kBadDefinition,
                 "the path cannot be compiled: " + compiled->compiled.error());
  }
  return EndpointPattern(std::move(compiled));
}

bool EndpointPattern::matches(std::string_view path) const {
  return RE2::PartialMatch(re2::StringPiece(path.data(), path.size()), expression_->compiled);
}

}  // namespace tykpp::definition
