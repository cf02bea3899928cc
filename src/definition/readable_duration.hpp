#pragma once
// Durations as text: `1h30m`, `500ms`, `2.5s`.

#include <chrono>
#include <optional>
#include <string_view>

namespace tykpp::definition {

/// Parses the grammar of Go's durations (units h m s ms us µs ns, a sign, fractions). Empty is
/// zero.
/// @return nothing for any other text and for values beyond 292 years
std::optional<std::chrono::nanoseconds> parseDuration(std::string_view text);

}  // namespace tykpp::definition
