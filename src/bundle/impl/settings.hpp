#pragma once
// What of the configuration bundles depend on, and where each of them is and comes from.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "bundle/archive.hpp"
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

/// Places below the root that belong to one name.
struct Places {
  Places(const Settings& settings, const std::string& name);

  std::string current;
  std::string previous;
  std::string etag;
};

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
