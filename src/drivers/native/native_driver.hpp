#pragma once
// Plugins as shared objects behind the C ABI of include/tykpp/plugin.h. A file is loaded by
// content: a private copy is opened, named by its hash, so that a changed file under an old path is
// a new plugin and an old one drains untouched. Objects are never unloaded.

#include <map>
#include <memory>
#include <string>

#include "definition/gateway_config.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::native {

struct FunctionFacts;
namespace isolated {
class HostPool;
}
class ObjectStore;
class ServicesGate;

struct NativeOptions {
  std::string working_directory;  ///< relative plugin paths start here; empty: the process' own
  std::string
      temp_directory;  ///< where private copies go; empty: TMPDIR, else /tmp. Must allow execution
  /// Release that versioned file names carry (`name_v5.13.0_linux_amd64.so`).
  std::string compatible_version = "5.13.0";
  std::string config_text = "{}";              ///< the configuration as plugins are shown it, JSON
  bool ignore_canonical_header_names = false;  ///< `ignore_canonical_mime_header_key`
  std::size_t max_pending = 16384;  ///< deferred calls of the process that may wait at once
  /// Processes of isolated plugins.
  definition::PluginHostConfig host;
  std::string host_executable = "/proc/self/exe";  ///< what is run as `plugin-host`
  std::size_t max_body = 64U << 20;  ///< bytes of a body that an isolated plugin makes

  static NativeOptions of(const definition::GatewayConfig& config);
};

/// Thread: load() on the main thread; what it answers is shared by the workers.
class NativeDriver final : public PluginDriver {
 public:
  /// @param services  must outlive the driver; plugins' threads that complete a call later than
  /// that are ignored
  NativeDriver(NativeOptions options, WorkerServices& services);
  ~NativeDriver() override;
  std::string_view name() const noexcept override { return "native"; }
  /// @error kBadPlugin  naming the file and what is wrong with it
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
  /// The processes of isolated plugins.
  std::vector<RemoteServer> servers() const override;

 private:
  FunctionFacts factsOf(const definition::PluginRef& ref, const definition::ApiSpec& api);
  Result<std::shared_ptr<const LoadedPlugin>> loadHere(const std::string& file,
                                                       const definition::PluginRef& ref, Hook hook,
                                                       const definition::ApiSpec& api);
  Result<std::shared_ptr<const LoadedPlugin>> loadIsolated(const std::string& file,
                                                           const definition::PluginRef& ref,
                                                           Hook hook,
                                                           const definition::ApiSpec& api);
  /// The API's definition, one text for all its hooks.
  std::shared_ptr<const std::string> definitionText(const definition::ApiSpec& api);

  NativeOptions options_;
  std::map<std::string, std::weak_ptr<const std::string>> definitions_;  // by API
  std::unique_ptr<ObjectStore> objects_;
  std::shared_ptr<ServicesGate> services_;
  WorkerServices& workers_;
  std::uint64_t copies_ = 0;                   // that were made for hosts
  std::unique_ptr<isolated::HostPool> hosts_;  // made at the first use
};

}  // namespace tykpp::drivers::native
