#pragma once
// The files that an API's plugins are made of, as far as a change of them asks for a new load.

#include <map>
#include <set>
#include <string>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::gateway {

/// Directories with files of the API's plugins: those of the hooks' paths and of virtual endpoints,
/// absolute.
std::set<std::string> pluginDirectories(const definition::ApiSpec& spec,
                                        const definition::GatewayConfig& config);

/// What the plugins of APIs look like on disk, for one load: each directory is looked at once,
/// however many APIs share it. Thread: main.
class PluginStamps {
 public:
  explicit PluginStamps(const definition::GatewayConfig& config) : config_(config) {}
  /// A text that changes when a file of the plugins changes: names, sizes and times of what lies in
  /// their directories (a plugin imports its neighbours), and the bundle's checksum. Empty for an
  /// API without plugins.
  std::string of(const definition::ApiSpec& spec);

 private:
  const std::string& ofDirectory(const std::string& directory);
  const definition::GatewayConfig& config_;
  std::map<std::string, std::string> directories_;
};

}  // namespace tykpp::gateway
