#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tykpp::definition {

enum class Severity : std::uint8_t { kWarning, kError };

/// Something wrong with a file, told all at once: where it stands and why, in words for an
/// operator.
struct Problem {
  Severity severity = Severity::kError;
  std::string file;
  std::string pointer;  ///< JSON pointer, empty for the whole file
  std::string reason;
};

using Problems = std::vector<Problem>;

}  // namespace tykpp::definition
