#pragma once
// What of the configuration bundles depend on, and where each of them is and comes from.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/archive.hpp"
#include "definition/bundle_hooks.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::bundle {

/// Made once, read by every thread of the store.
struct Settings {
  explicit Settings(const definition::GatewayConfig& config);

  std::string root;  ///< `<middleware_path>/bundles`, absolute
  definition::PluginConfig plugins;
  ArchiveLimits limits;
  std::size_t max_packed;  ///< bytes
};

/// Places below the root that belong to one name, of one bundle or several.
struct Places {
  Places(const Settings& settings, const std::string& name);

  std::string current;
  std::string previous;
  std::string etag;
  /// Of one bundle the folder itself, of several their folders in it. None: the name is not good.
  std::vector<definition::BundleName> bundles;

  /// Where a bundle is below `root`, which is `current` or something that will be.
  static std::string folderIn(const std::string& root, const definition::BundleName& bundle);
  /// All of it is on disk.
  bool filled() const;
};

/// "Couldn't fetch bundle: …" and its like; says which one, where a name has several.
Error toldOf(const char* what, const definition::BundleName& bundle, const Error& error);
Error toldOf(const char* what, const definition::BundleName& bundle, const std::string& why);

/// Where a bundle comes from.
struct Source {
  enum class Kind : std::uint8_t { kHttp, kFile };
  Kind kind = Kind::kHttp;
  std::string location;  ///< URL, or path of a file
  std::string shown;     ///< for logs: without credentials and query
};
/// The base URL with its path joined with the name and cleaned; query and host are kept.
/// @error kBadPlugin "Unknown URL scheme"
Result<Source> locate(const std::string& base_url, const std::string& name);

}  // namespace tykpp::bundle
