#pragma once
// Functions that templates call: those that Go's templates have built in, and the two of the
// default web hook template.

#include <string_view>
#include <vector>

#include "events/impl/template.hpp"

namespace tykpp::events {

struct Function {
  std::string_view name;
  std::size_t min_arguments;
  std::size_t max_arguments;
  bool escapes;  ///< its result is written as it is
  /// @error kBadConfig  the arguments are of the wrong type
  Result<Json> (*call)(const std::vector<Json>& arguments);
};

/// Null when there is no such function.
const Function* findFunction(std::string_view name);
/// Whether `if` and `with` take the value for true: not false, zero, empty or missing.
bool isTrue(const Json& value);
/// The value as text: strings as they are, everything else as JSON, nothing for null.
std::string textOf(const Json& value);

}  // namespace tykpp::events
