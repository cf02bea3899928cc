#pragma once
// An API whose plugins come from a bundle: the bundle's manifest decides about its hooks.

#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// What was unpacked and verified.
struct BundleContent {
  std::string folder;              ///< absolute
  std::string manifest;            ///< text of manifest.json
  std::vector<std::string> files;  ///< `file_list`
  std::string checksum;            ///< of the content; equal ones are the same bundle
};

/// The API with the hooks and the driver of the manifest's `custom_middleware` in place of the
/// definition's own. Paths in it are relative to the folder.
/// @error  what is wrong with the manifest; `problems` has all of it
Result<ApiSpec> withBundle(const ApiSpec& spec, const BundleContent& bundle,
                           const GatewayConfig& config, Problems& problems);

}  // namespace tykpp::definition
