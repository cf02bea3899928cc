#pragma once
// Plugins in processes of their own, called over gRPC: the service `coprocess.Dispatcher` of
// proto/, which plugin servers written for Tyk offer. A hook's call is sent by its worker and its
// answer applied there; the worker serves others meanwhile.

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "definition/gateway_config.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::grpc {

class Runtime;
class Server;

/// Settings of the driver; `of` takes them from the configuration.
struct GrpcOptions {
  bool enabled = true;  ///< `coprocess_options.enable_coprocess`
  definition::GrpcConfig config;
  std::size_t max_body =
      64U << 20;                ///< `max_buffered_body_size`: bytes of a body that a plugin makes
  bool verbatim_names = false;  ///< `ignore_canonical_mime_header_key`
  std::chrono::milliseconds event_timeout{2000};  ///< `plugin_timeout_ms`

  static GrpcOptions of(const definition::GatewayConfig& config);
};

/// Thread: main; what loads answer is shared by the workers.
class GrpcDriver final : public PluginDriver {
 public:
  /// @param services  must outlive the driver
  GrpcDriver(GrpcOptions options, WorkerServices& services);
  /// Ends the calls under way. The workers have stopped.
  ~GrpcDriver() override;
  std::string_view name() const noexcept override { return "grpc"; }
  /// Connects to `ref.grpc_server`, beside: a server that is down is no error, calls say so.
  /// @error kBadPlugin  no server is named, its address is none, a certificate cannot be read
  Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref, Hook hook,
                                                   const definition::ApiSpec& api) override;
  std::vector<RemoteServer> servers() const override;

  /// The plugin server decides about names: any is found. Events go to the server of the API's
  /// first gRPC hook, without one to the configuration's.
  Result<std::shared_ptr<EventFunction>> findEventFunction(const std::string& handler_name,
                                                           const definition::ApiSpec& api) override;

 private:
  std::shared_ptr<Runtime> runtime();
  Result<std::shared_ptr<Server>> open(const std::string& address);

  GrpcOptions options_;
  WorkerServices& services_;
  std::shared_ptr<Runtime> runtime_;
};

}  // namespace tykpp::drivers::grpc
