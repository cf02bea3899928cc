#include "drivers/grpc/grpc_driver.hpp"

#include "drivers/grpc/impl/grpc_plugin.hpp"
#include "drivers/grpc/impl/runtime.hpp"

namespace tykpp::drivers::grpc {
namespace {

Error badPlugin(std::string text) { return Error(Errc::kBadPlugin, std::move(text)); }

}  // namespace

GrpcOptions GrpcOptions::of(const definition::GatewayConfig& config) {
  GrpcOptions options;
  options.enabled = config.plugins.enable_coprocess;
  options.config = config.plugins.grpc;
  options.max_body = static_cast<std::size_t>(config.max_buffered_body_size);
  options.verbatim_names = config.ignore_canonical_mime_header_key;
  options.event_timeout = config.plugin_timeout;
  return options;
}

GrpcDriver::GrpcDriver(GrpcOptions options, WorkerServices& services)
    : options_(std::move(options)), services_(services) {}

GrpcDriver::~GrpcDriver() {
  if (runtime_ != nullptr) runtime_->stop();
}

std::shared_ptr<Runtime> GrpcDriver::runtime() {
  const std::lock_guard lock(mutex_);
  if (runtime_ == nullptr) {
    LaneLimits limits;
    limits.max_calls = static_cast<std::size_t>(options_.config.max_calls);
    runtime_ = std::make_shared<Runtime>(options_.config, services_, limits);
  }
  return runtime_;
}

Result<std::shared_ptr<const LoadedPlugin>> GrpcDriver::load(const definition::PluginRef& ref,
                                                             Hook hook,
                                                             const definition::ApiSpec& api) {
  if (hook == Hook::kAnalytics) return badPlugin("gRPC plugins cannot be analytics hooks");
  if (!options_.enabled) {
    return badPlugin("gRPC plugins are off: coprocess_options.enable_coprocess is false");
  }
  if (ref.grpc_server.empty()) {
    return badPlugin(
        "Driver 'grpc' isn't loaded: coprocess_options.coprocess_grpc_server is empty and the "
        "definition has no grpc_server");
  }
  std::shared_ptr<Runtime> own = runtime();
  auto server = own->server(ref.grpc_server);
  if (!server) return badPlugin("Driver 'grpc' isn't loaded: " + server.error().message());
  auto facts = std::make_shared<HookFacts>();
  facts->facts = coprocess::Facts::of(ref, api, options_.verbatim_names);
  facts->constant = constantPart(facts->facts, hook);
  facts->max_body = options_.max_body;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<GrpcLoaded>(std::move(facts), std::move(*server), std::move(own)));
}

std::vector<RemoteServer> GrpcDriver::servers() const {
  const std::lock_guard lock(mutex_);
  return runtime_ != nullptr ? runtime_->servers() : std::vector<RemoteServer>{};
}

Result<void> GrpcDriver::dispatchEvent(const std::string& handler, const std::string& payload,
                                       const std::string& address) {
  const std::string& wanted = address.empty() ? options_.config.server : address;
  if (wanted.empty()) return badPlugin("no plugin driver is available: no gRPC server is named");
  const std::shared_ptr<Runtime> own = runtime();
  auto server = own->server(wanted);
  if (!server) return server.error();
  {
    const std::lock_guard lock(mutex_);
    event_server_ = *server;
  }
  return own->sendEvent(*server, handler, payload, options_.event_timeout);
}

}  // namespace tykpp::drivers::grpc
