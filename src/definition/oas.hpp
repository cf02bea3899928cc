#pragma once
// OpenAPI documents with `x-tyk-api-gateway`: converted to a Classic definition, which then takes
// the one way to an ApiSpec. Thread: main.

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// Parses an OAS document that has no Classic half. Pointers in problems are places in the OAS
/// document.
/// @error  as parseClassic
Result<ApiSpec> parseOas(std::string_view text, const std::string& file,
                         const GatewayConfig& config, Problems& problems);

/// The Classic half of an OAS document as JSON text: what the control API writes to
/// `<api_id>.json`. References to secrets are left as they are.
/// @error  kBadDefinition when the document cannot be read as OAS, kNotBuilt when it asks for what
/// is not built
Result<std::string> convertOasToClassic(std::string_view oas_text, Problems& problems);

}  // namespace tykpp::definition
