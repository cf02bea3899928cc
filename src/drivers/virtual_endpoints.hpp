#pragma once
// Endpoints that a script answers in place of an upstream.

#include <memory>

#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers {

/// Implemented by the drivers whose scripts can be virtual endpoints; ask for it with a
/// dynamic_cast of the driver.
class VirtualEndpointDriver {
 public:
  virtual ~VirtualEndpointDriver() = default;
  /// Whether virtual endpoints are on at all; where they are not, requests go on to the upstream.
  virtual bool runsVirtualEndpoints() const noexcept = 0;
  /// Main thread, at load. Its calls answer kRespond or an error, never kContinue, and show
  /// Hook::kPost to the plugin's wait.
  /// @error kBadPlugin  the source cannot be loaded or has no such function
  virtual Result<std::shared_ptr<const LoadedPlugin>> loadVirtual(
      const definition::VirtualEndpoint& endpoint, const definition::ApiSpec& api) = 0;
  /// What a request gets when the endpoint failed, or could not be loaded.
  virtual Error virtualFailure(std::string detail) const = 0;
};

}  // namespace tykpp::drivers
