#pragma once
// The JSON schema of OAS API definitions: what people write their documents by. Thread: any.

#include <optional>
#include <string>
#include <string_view>

namespace tykpp::definition {

/// The JSON schema (draft 7) of definitions, as JSON text.
/// @param version  of OpenAPI: `3.0` or `3.1`; what follows those two numbers does not count, and a
/// minor number that is missing is 0. Empty: the newest
/// @return nothing for a version that definitions cannot have, or what is no version
std::optional<std::string> oasSchema(std::string_view version);

}  // namespace tykpp::definition
