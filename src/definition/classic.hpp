#pragma once
// Classic API definitions: JSON text in, ApiSpec out. Everything a definition asks for that this
// release does not do is an error that names the field: nothing is ignored in silence. Thread:
// main.

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// Parses one Classic definition. Secret references in the text are replaced first.
/// @param file      for messages; its stem stands in for a missing `api_id`
/// @param problems  gets every error and warning
/// @error  kBadDefinition or kNotBuilt: the first error of `problems`, `where()` has its pointer
Result<ApiSpec> parseClassic(std::string_view text, const std::string& file,
                             const GatewayConfig& config, Problems& problems);

/// A Classic definition with `is_oas` and its OpenAPI companion: the Classic half decides, the
/// companion is kept and checked for what only it can ask for.
/// @param oas_file  for messages
Result<ApiSpec> parsePair(std::string_view text, const std::string& file, std::string_view oas_text,
                          const std::string& oas_file, const GatewayConfig& config,
                          Problems& problems);

}  // namespace tykpp::definition
