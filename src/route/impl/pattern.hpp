#pragma once
// Listen paths and domains with variables: `{name}` and `{name:regex}`, compiled once. RE2 stays in
// here.

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::route {

/// Text and variables in turn, as written.
struct PatternPart {
  std::string_view
      text;  ///< literal text, or a variable's regular expression; empty: the default one
  bool variable = false;
};

/// Splits a template at its outermost braces.
/// @error  kBadDefinition: unbalanced braces, an empty name or an empty expression
Result<std::vector<PatternPart>> splitPattern(std::string_view text);

/// A listen path with variables, anchored at the start of the path only.
class PathTemplate {
 public:
  /// @error  kBadDefinition: as splitPattern, an expression RE2 cannot read, or a capture group in
  /// it
  static Result<PathTemplate> compile(std::string_view text);

  /// What every match starts with: where the template hangs in the tree.
  const std::string& literalPrefix() const noexcept { return literals_.front(); }
  /// @return how many bytes of the path it matches, nothing when it does not
  std::optional<std::size_t> match(std::string_view path) const noexcept;

 private:
  std::optional<std::size_t> matchSegments(std::string_view path) const noexcept;

  /// The texts round the variables, always one more than there are variables.
  std::vector<std::string> literals_;
  /// Null when each variable is a plain `{name}` that a slash or the end follows: then no
  /// expression is needed. With one, RE2 takes a shared lock on its cache of states for each match.
  std::unique_ptr<RE2> expression_;
};

/// A domain with variables or a leading `*.`.
class HostPattern {
 public:
  /// @error  kBadDefinition, as PathTemplate; also for a `*` elsewhere
  static Result<HostPattern> compile(std::string_view text);

  bool isWildcard() const noexcept { return expression_ == nullptr; }
  /// Whether the pattern names a port, so that the Host's port counts.
  bool hasPort() const noexcept { return has_port_; }
  /// From the first dot behind the last variable: where the pattern hangs in the table of hosts.
  const std::string& bucket() const noexcept { return bucket_; }
  /// @param host  without its port unless hasPort()
  bool match(std::string_view host) const noexcept;

 private:
  std::string bucket_;
  bool has_port_ = false;
  std::unique_ptr<RE2> expression_;  ///< null for `*.rest`, where the bucket is the rest
};

/// Whether a domain is a pattern rather than a name.
constexpr bool isHostPattern(std::string_view domain) noexcept {
  return domain.find_first_of("{}*") != std::string_view::npos;
}
/// Whether a listen path is a template.
constexpr bool isPathTemplate(std::string_view path) noexcept {
  return path.find_first_of("{}") != std::string_view::npos;
}

}  // namespace tykpp::route
