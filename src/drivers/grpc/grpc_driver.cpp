#include "drivers/grpc/grpc_driver.hpp"

#include "drivers/grpc/impl/grpc_plugin.hpp"
#include "drivers/grpc/impl/runtime.hpp"

namespace tykpp::drivers::grpc {
namespace {

Error badPlugin(std::string text) { return Error(Errc::kBadPlugin, std::move(text)); }

/// The server of the API's first gRPC hook; empty without one.
std::string serverOf(const definition::ApiSpec& api) {
  const definition::PluginHooks& hooks = api.hooks;
  for (const auto* list : {&hooks.pre, &hooks.post_auth, &hooks.post, &hooks.response}) {
    for (const definition::PluginRef& ref : *list) {
      if (!ref.grpc_server.empty()) return ref.grpc_server;
    }
  }
  return hooks.auth ? hooks.auth->grpc_server : std::string{};
}

class GrpcEventFunction final : public EventFunction {
 public:
  GrpcEventFunction(std::shared_ptr<Runtime> runtime, std::shared_ptr<Server> server,
                    std::string handler, std::chrono::milliseconds timeout)
      : runtime_(std::move(runtime)),
        server_(std::move(server)),
        handler_(std::move(handler)),
        timeout_(timeout) {}
  void dispatch(std::string payload, std::shared_ptr<void> ticket) override {
    runtime_->sendEvent(server_, handler_, std::move(payload), timeout_, std::move(ticket));
  }

 private:
  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<Server> server_;
  const std::string handler_;
  const std::chrono::milliseconds timeout_;
};

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
  if (runtime_ == nullptr) {
    LaneLimits limits;
    limits.max_calls = static_cast<std::size_t>(options_.config.max_calls);
    limits.busy_poll = options_.config.busy_poll;
    runtime_ = std::make_shared<Runtime>(options_.config, services_, limits);
  }
  return runtime_;
}

Result<std::shared_ptr<Server>> GrpcDriver::open(const std::string& address) {
  if (!options_.enabled) {
    return badPlugin("gRPC plugins are off: coprocess_options.enable_coprocess is false");
  }
  if (address.empty()) {
    return badPlugin(
        "Driver 'grpc' isn't loaded: coprocess_options.coprocess_grpc_server is empty and the "
        "definition has no grpc_server");
  }
  auto server = runtime()->server(address);
  if (!server) return badPlugin("Driver 'grpc' isn't loaded: " + server.error().message());
  return server;
}

Result<std::shared_ptr<const LoadedPlugin>> GrpcDriver::load(const definition::PluginRef& ref,
                                                             Hook hook,
                                                             const definition::ApiSpec& api) {
  if (hook == Hook::kAnalytics) return badPlugin("gRPC plugins cannot be analytics hooks");
  auto server = open(ref.grpc_server);
  if (!server) return server.error();
  auto facts = std::make_shared<HookFacts>();
  facts->facts = coprocess::Facts::of(ref, api, options_.verbatim_names);
  facts->constant = constantPart(facts->facts, hook);
  facts->max_body = options_.max_body;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<GrpcLoaded>(std::move(facts), std::move(*server), runtime()));
}

std::vector<RemoteServer> GrpcDriver::servers() const {
  return runtime_ != nullptr ? runtime_->servers() : std::vector<RemoteServer>{};
}

Result<std::shared_ptr<EventFunction>> GrpcDriver::findEventFunction(
    const std::string& handler_name, const definition::ApiSpec& api) {
  std::string address = serverOf(api);
  if (address.empty()) address = options_.config.server;
  auto server = open(address);
  if (!server) return server.error();
  return std::shared_ptr<EventFunction>(std::make_shared<GrpcEventFunction>(
      runtime(), std::move(*server), handler_name, options_.event_timeout));
}

}  // namespace tykpp::drivers::grpc
