#pragma once
// The names in a ZIP file's directory with their true lengths. libzip hands names out as C strings,
// so one with a NUL in it would be taken for a shorter one; and where two readers find different
// directories in one file, an attacker chooses which of them is checked.

#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::bundle {

/// Views into `bytes`, in the directory's order.
/// @error kBadPlugin: no directory, a broken one, or one of the 64-bit kind (no bundle needs it)
Result<std::vector<std::string_view>> namesInDirectory(std::string_view bytes);

}  // namespace tykpp::bundle
