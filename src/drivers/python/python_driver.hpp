#pragma once
// Python plugins: CPython inside the process, on threads of its own. A hook's call leaves its
// worker as a copy of what the plugin may see and comes back as what the plugin changed; the worker
// serves others meanwhile. Plugins are written for Tyk's Python runtime and run unmodified; the
// modules they import are part of the program (lib/).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "definition/gateway_config.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::python {

class EventLine;
class Pool;

/// Settings of the runtime; `of` takes them from the configuration.
struct PythonOptions {
  bool enabled = true;  ///< `coprocess_options.enable_coprocess`
  int workers = 4;      ///< `python_workers`: threads that run hooks
  std::string path_prefix;
  std::string version;
  std::vector<std::string> site_packages;
  std::size_t max_body =
      64U << 20;                ///< `max_buffered_body_size`: bytes of a body that a plugin makes
  bool verbatim_names = false;  ///< `ignore_canonical_mime_header_key`
  /// Longest time to import a plugin.
  std::chrono::milliseconds load_timeout{30'000};
  /// `plugin_timeout_ms`: longest time to handle an event.
  std::chrono::milliseconds event_timeout{2'000};
  /// Fires an event of the gateway's, for `trigger_event`; null: there are no event handlers.
  /// Thread: any.
  std::function<void(std::string name, std::string payload)> trigger_event;

  static PythonOptions of(const definition::GatewayConfig& config);
};

/// Thread: load() on the main thread; what it answers is shared by the workers.
class PythonDriver final : public PluginDriver {
 public:
  /// Python itself is started by the first load().
  /// @param services  must outlive the driver
  PythonDriver(PythonOptions options, WorkerServices& services);
  /// Lets threads that are idle end, and runs what plugins registered with `atexit`, for two
  /// seconds at most.
  ~PythonDriver() override;
  std::string_view name() const noexcept override { return "python"; }
  /// Imports the plugin: of a bundle the file that the rules for bundles name, else `ref.path`.
  /// Hooks of an API share its modules; files that changed are imported anew.
  /// @error kBadPlugin  no file, no Python, what the import raised, no such handler
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
  /// For the hook whose load() just failed: 500 "Internal Server Error" without Python or a file,
  /// else as if the plugin had raised.
  Error brokenAnswer(Hook hook) const override;
  /// A function marked `@Event` with two parameters, event and spec: in the bundle's main file,
  /// else in a file that a Python hook of the API names.
  Result<std::shared_ptr<EventFunction>> findEventFunction(const std::string& handler_name,
                                                           const definition::ApiSpec& api) override;

 private:
  Result<void> start();
  Pool& pool();

  PythonOptions options_;
  WorkerServices& services_;
  Pool* pool_ = nullptr;  // lives for ever, see there
  std::shared_ptr<EventLine> events_;
  bool unloaded_ = false;  // the last load() got no further than to want Python
};

}  // namespace tykpp::drivers::python
