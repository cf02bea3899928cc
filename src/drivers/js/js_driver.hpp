#pragma once
// JavaScript plugins as the reference runs them under the name `otto`: ES5 with the objects and
// functions of its ABI, all files of an API in one global scope, each call on a copy of what they
// made. An API's scripts are read, compiled and run once on the main thread; each worker then keeps
// an image of the heap. Scripts run on the worker, on a stack of their own, so that their HTTP
// calls wait without holding it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "definition/gateway_config.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/virtual_endpoints.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers {
class KeyAccess;
}

namespace tykpp::drivers::js {

struct JsOptions {
  bool enabled = false;  ///< `enable_jsvm`
  std::chrono::milliseconds timeout{
      5000};                             ///< `jsvm_timeout`: of virtual endpoints, events, loading
  std::string tyk_js_path;               ///< run first in every runtime; empty: none
  bool refuse_blobs = false;             ///< `disable_virtual_path_blobs`
  bool verbatim_names = false;           ///< `ignore_canonical_mime_header_key`
  bool insecure_skip_verify = false;     ///< `proxy_ssl_insecure_skip_verify`
  std::size_t memory_limit = 64U << 20;  ///< bytes of a heap; as address space, once a worker
  std::int64_t max_body = 64 << 20;      ///< bytes of a body that a script hands over or fetches
  KeyAccess* keys = nullptr;             ///< outlives the driver; null: no keys are kept

  static JsOptions of(const definition::GatewayConfig& config);
};

/// An event as a handler gets it. `meta_json` is the JSON text of an object.
struct JsEvent {
  std::string type;
  std::string meta_json;
  std::string time_stamp;
  std::string api_id;
  std::string org_id;
  std::shared_ptr<void> ticket{};  ///< let go when the event has been handled or dropped
};

/// An event handler: an object that a file defines.
struct JsEventHandler {
  std::string file;  ///< absolute
  std::string object;
};

/// Thread: main, except callEvent().
class JsDriver final : public PluginDriver, public VirtualEndpointDriver {
 public:
  /// @param services  must outlive the driver
  JsDriver(JsOptions options, WorkerServices& services);
  ~JsDriver() override;

  std::string_view name() const noexcept override { return "otto"; }
  /// @error kBadPlugin  what the reference writes to its log: a file that is missing, does not
  /// parse, fails, or has no such object
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
  Error brokenAnswer(Hook hook) const override;

  bool runsVirtualEndpoints() const noexcept override { return options_.enabled; }
  Result<std::shared_ptr<const LoadedPlugin>> loadVirtual(
      const definition::VirtualEndpoint& endpoint, const definition::ApiSpec& api) override;
  Error virtualFailure(std::string detail) const override;

  /// Loads a file with an event handler into the runtime that all handlers of the gateway share.
  /// @param file  absolute
  /// @error kBadPlugin  as load()
  Result<void> loadEventHandler(const std::string& file, const std::string& object);
  /// Loads these handlers in place of all that were loaded before. @return for each what
  /// loadEventHandler() would say; those with an error are not there
  std::vector<Result<void>> useEventHandlers(const std::vector<JsEventHandler>& handlers);
  /// Forgets all event handlers; calls under way still end.
  void clearEventHandlers();
  /// Calls a handler, after those called before, on a thread of its own; failures are logged. When
  /// too many wait, the call is dropped with a log line. Thread: any.
  void callEvent(const std::string& object, JsEvent event);

 private:
  struct Impl;
  JsOptions options_;
  std::unique_ptr<Impl> impl_;
};

/// The names of the reference's newer runtime; loading for them says that it is not built.
class NewerJsDriver final : public PluginDriver {
 public:
  std::string_view name() const noexcept override { return "javascript"; }
  /// @error kNotBuilt  always
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
};

}  // namespace tykpp::drivers::js
