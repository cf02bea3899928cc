#pragma once
// A pattern that is looked for in bodies. RE2 stays in the source.

#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {

/// Compiled once, immutable. Thread: any.
class BodyPattern {
 public:
  /// @error kBadDefinition  an expression that RE2 cannot read
  static Result<std::shared_ptr<const BodyPattern>> compile(std::string_view expression);
  ~BodyPattern();
  BodyPattern(const BodyPattern&) = delete;
  BodyPattern& operator=(const BodyPattern&) = delete;

  /// The first match, nothing when there is none. A body that is no UTF-8 is matched byte by byte.
  /// @return a view into the body
  std::optional<std::string_view> find(std::string_view body) const;

 private:
  struct Expressions;
  explicit BodyPattern(std::unique_ptr<const Expressions> expressions);
  std::unique_ptr<const Expressions> expressions_;
};

}  // namespace tykpp::definition
