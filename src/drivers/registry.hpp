#pragma once
// The drivers of this build, by the names definitions call them.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "definition/gateway_config.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers {

class KeyAccess;

/// One driver and every name that means it.
struct DriverEntry {
  std::vector<std::string> names;
  std::unique_ptr<PluginDriver> driver;
};

/// A registry over any set of drivers; a name given twice belongs to the first. For tests and
/// special builds.
std::unique_ptr<DriverRegistry> makeRegistry(std::vector<DriverEntry> entries);

/// Every driver this build has, made for this configuration: `native`, also under the name
/// `goplugin`, `lua`, `python`, `grpc`, `otto` and `javascript`.
/// @param services  must outlive the registry
/// @param keys  what scripts read and write keys through, outlives the registry; null: there are
/// none
std::unique_ptr<DriverRegistry> makeRegistry(const definition::GatewayConfig& config,
                                             WorkerServices& services, KeyAccess* keys = nullptr);

}  // namespace tykpp::drivers
