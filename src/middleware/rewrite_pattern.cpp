#include "middleware/rewrite_pattern.hpp"

#include <re2/re2.h>

#include <vector>

namespace tykpp::middleware {

struct RewritePattern::Expression {
  RE2 compiled;
};

RewritePattern::RewritePattern(std::unique_ptr<const Expression> expression)
    : expression_(std::move(expression)) {}
RewritePattern::~RewritePattern() = default;
RewritePattern::RewritePattern(RewritePattern&&) noexcept = default;
RewritePattern& RewritePattern::operator=(RewritePattern&&) noexcept = default;

Result<RewritePattern> RewritePattern::compile(std::string_view expression) {
  RE2::Options options;
  options.set_log_errors(false);
  auto made = std::unique_ptr<Expression>(
      new Expression{RE2(re2::StringPiece(expression.data(), expression.size()), options)});
  if (!made->compiled.ok()) {
    return Error(Errc::kBadDefinition, "the pattern cannot be compiled: " + made->compiled.error());
  }
  return RewritePattern(std::move(made));
}

RewritePattern::Groups RewritePattern::find(std::string_view text, std::size_t from,
                                            Arena& arena) const {
  const RE2& compiled = expression_->compiled;
  const auto count = static_cast<std::size_t>(compiled.NumberOfCapturingGroups()) + 1;
  // Keeps its memory from one request to the next.
  thread_local std::vector<re2::StringPiece> pieces;
  pieces.assign(count, {});
  if (!compiled.Match(re2::StringPiece(text.data(), text.size()), from, text.size(),
                      RE2::UNANCHORED, pieces.data(), static_cast<int>(count)))
    return {};
  auto* groups = static_cast<std::string_view*>(
      arena.allocate(count * sizeof(std::string_view), alignof(std::string_view)));
  for (std::size_t i = 0; i < count; ++i)
    new (groups + i) std::string_view(pieces[i].data(), pieces[i].size());
  return {groups, count};
}

bool RewritePattern::matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression_->compiled);
}

}  // namespace tykpp::middleware
