#pragma once
#include <string>
#include <string_view>

namespace tykpp {

/// Percent escapes as the bytes they stand for; what looks like one and is none stays.
/// @param plus  what `+` becomes: forms write a blank that way
std::string percentDecode(std::string_view text, char plus = '+');

}  // namespace tykpp
