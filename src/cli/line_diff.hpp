#pragma once
#include <string>
#include <string_view>

namespace tykpp::cli {

/// Both texts in lines, marked `  ` where they agree, `- ` for what only `before` has and `+ ` for
/// what only `after` has. Bytes that no terminal should get are shown as `\xNN`.
std::string lineDiff(std::string_view before, std::string_view after);

}  // namespace tykpp::cli
