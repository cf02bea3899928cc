#pragma once
// Paths of endpoint rules (`extended_paths`, operations of an OAS document), compiled once. RE2
// stays in the source.

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {

/// What changes the meaning of all patterns of an API.
struct EndpointMatching {
  bool prefix = false;       ///< a pattern that begins with a slash matches at the start alone
  bool suffix = false;       ///< a pattern matches up to the end alone
  bool ignore_case = false;  ///< letters match in either case
};

/// `{name}` is one segment, `*` behind a slash one or more; everything else is RE2. Found anywhere
/// in a path unless EndpointMatching says otherwise. Immutable.
class EndpointPattern {
 public:
  /// @error kBadDefinition  an expression that RE2 cannot read
  static Result<EndpointPattern> compile(std::string_view text, const EndpointMatching& matching);
  ~EndpointPattern();
  EndpointPattern(EndpointPattern&&) noexcept;
  EndpointPattern& operator=(EndpointPattern&&) noexcept;

  /// @param path  decoded, without the listen path, with a leading slash. Thread: any
  bool matches(std::string_view path) const;

 private:
  struct Expression;
  explicit EndpointPattern(std::unique_ptr<const Expression> expression);
  std::unique_ptr<const Expression> expression_;
};

}  // namespace tykpp::definition
