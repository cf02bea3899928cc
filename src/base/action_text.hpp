#pragma once
// Text with actions in double braces, as Go's templates have it: `a {{- .B}} c`. Finds the actions,
// trims what their markers ask for and leaves comments out; what an action means is up to the
// caller.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp {

/// A stretch of text and the action behind it.
struct ActionPiece {
  std::string text;
  std::string action;       ///< between the braces, without trim markers and outer spaces
  bool has_action = false;  ///< false: the text goes to the end
  std::size_t line = 1;     ///< where the action begins
};

/// @error  kBadConfig: `line N: …` for braces that are not closed
Result<std::vector<ActionPiece>> splitActions(std::string_view text);

}  // namespace tykpp
