#pragma once
#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

/// Fills `extended_paths` of a version from the operations of an OAS document, more specific paths
/// first.
void convertOperations(const Json& document, const Json& extension, Json& version);

}  // namespace tykpp::definition
