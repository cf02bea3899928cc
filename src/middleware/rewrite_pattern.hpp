#pragma once
// A regular expression of a rewrite, compiled once. RE2 stays in the source.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/error.hpp"

namespace tykpp::middleware {

/// Immutable. Thread: any.
class RewritePattern {
 public:
  /// @error kBadDefinition  an expression that RE2 cannot read
  static Result<RewritePattern> compile(std::string_view expression);
  ~RewritePattern();
  RewritePattern(RewritePattern&&) noexcept;
  RewritePattern& operator=(RewritePattern&&) noexcept;

  /// What one match took; the whole in front, then the groups; those that took no part are empty.
  using Groups = std::span<const std::string_view>;
  /// Looks for the first match at or behind `from`. @return no groups when there is none; else
  /// views into the text, the list in the arena
  Groups find(std::string_view text, std::size_t from, Arena& arena) const;
  bool matches(std::string_view text) const;

 private:
  struct Expression;
  explicit RewritePattern(std::unique_ptr<const Expression> expression);
  std::unique_ptr<const Expression> expression_;
};

}  // namespace tykpp::middleware
