#pragma once
// `tykpp lint`: every problem of a file at once, unknown keys included. Files are only read.

#include <string>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// Problems of a configuration file: what loading would refuse, unknown keys, keys that are not
/// built.
Problems lintConfig(const std::string& path);

/// Problems of an API definition, Classic or OAS (with the companion file, when it has one).
/// @param config  what it is to be loaded under; null: the defaults
/// @param spec    gets what the file says, when that can be used; null: it is not wanted
Problems lintDefinition(const std::string& path, const GatewayConfig* config,
                        ApiSpec* spec = nullptr);

}  // namespace tykpp::definition
