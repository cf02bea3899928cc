#pragma once
// The files that an API's plugins are made of, as far as a change of them asks for a new load.

#include <set>
#include <string>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::gateway {

/// Directories with files of the API's plugins: those of the hooks' paths and of virtual endpoints,
/// absolute.
std::set<std::string> pluginDirectories(const definition::ApiSpec& spec,
                                        const definition::GatewayConfig& config);

/// A text that changes when a file of the plugins changes: names, sizes and times of what lies in
/// their directories (a plugin imports its neighbours), and the bundle's checksum. Empty for an API
/// without plugins. Thread: main; looks at the disk.
std::string pluginStamp(const definition::ApiSpec& spec, const definition::GatewayConfig& config);

}  // namespace tykpp::gateway
