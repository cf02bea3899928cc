#pragma once
// An API whose plugins come from bundles: their manifests decide about its hooks.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// One bundle of those that an API names.
struct BundleName {
  std::string name;
  std::string folder;  ///< its own within the folder of all of them; empty: the name has no comma
};
/// The bundles of a `custom_middleware_bundle`: one, or with commas several, blanks around them
/// left out. @error kBadDefinition: more than 32, none, or two that would have one folder
Result<std::vector<BundleName>> bundleNames(std::string_view text);

/// A bundle that was unpacked and verified.
struct BundleManifest {
  BundlePart part;
  std::string text;  ///< of manifest.json
};

/// What an API's bundles are made of.
struct BundleContent {
  std::string folder;    ///< absolute; of the bundle, or what the folders of several are in
  std::string checksum;  ///< of the content; equal ones are the same bundles
  std::vector<BundleManifest> bundles;  ///< in the order of their names
};

/// The API with the hooks and the driver of the manifests' `custom_middleware` in place of the
/// definition's own. Paths in one are relative to its bundle's folder. Of several manifests, lists
/// follow one another, the first id_extractor counts, and one auth_check, one traffic_logs and one
/// driver are allowed.
/// @error  what is wrong with a manifest; `problems` has all of it
Result<ApiSpec> withBundle(const ApiSpec& spec, const BundleContent& content,
                           const GatewayConfig& config, Problems& problems);

}  // namespace tykpp::definition
