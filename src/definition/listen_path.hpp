#pragma once
// Listen paths: normalisation and validity (spec section 8.1).

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {

/// With a leading slash, without `.`, `..` and double slashes, with the trailing slash it had.
/// Empty stays empty.
std::string normaliseListenPath(std::string_view path);

/// Checks what can be served: not empty, no spaces, balanced `{name}` and `{name:regex}`, no
/// capture groups.
/// @error  kBadDefinition with the reason
Result<void> checkListenPath(std::string_view path);

/// Checks a domain: empty, a host name, or one with `{name}` and `{name:regex}` parts.
Result<void> checkDomain(std::string_view domain);

}  // namespace tykpp::definition
