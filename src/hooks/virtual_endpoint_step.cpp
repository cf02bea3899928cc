#include "hooks/virtual_endpoint_step.hpp"

#include "base/log.hpp"
#include "definition/gateway_config.hpp"
#include "drivers/virtual_endpoints.hpp"
#include "hooks/impl/content_sniff.hpp"

namespace tykpp::hooks {

using drivers::HookVerdict;

struct VirtualEndpointStep::Endpoint {
  std::size_t index;
  std::string method;
  std::string path;  ///< as written
  definition::EndpointPattern pattern;
  bool proxy_on_error;
  std::shared_ptr<const drivers::LoadedPlugin> function;  ///< null: could not be loaded
  std::string broken;                                     ///< why
};

/// On its own cache lines; filled by its worker when an endpoint is first called.
struct alignas(128) VirtualEndpointStep::Slot {
  std::vector<std::unique_ptr<drivers::BoundPlugin>> bound;
};

namespace {

/// The path as rules of endpoints see it: without the listen path, with a leading slash.
std::string_view strippedPath(const http::Exchange& exchange) {
  std::string_view path = exchange.request().path;
  const std::string_view listen = exchange.listen_path_match;
  if (listen.size() <= 1 || !path.starts_with(listen)) return path;
  path.remove_prefix(listen.ends_with('/') ? listen.size() - 1 : listen.size());
  return path.empty() ? std::string_view("/") : path;
}

}  // namespace

VirtualEndpointStep::VirtualEndpointStep(const chain::BuildContext& build,
                                         drivers::VirtualEndpointDriver& driver)
    : driver_(driver),
      timeout_(build.config.plugins.jsvm_timeout),
      workers_(build.workers),
      slots_(std::make_unique<Slot[]>(build.workers)) {}

VirtualEndpointStep::~VirtualEndpointStep() = default;

Result<std::unique_ptr<VirtualEndpointStep>> VirtualEndpointStep::create(
    const chain::BuildContext& build, drivers::VirtualEndpointDriver& driver) {
  std::unique_ptr<VirtualEndpointStep> step(new VirtualEndpointStep(build, driver));
  for (const definition::VirtualEndpoint& endpoint : build.api.virtual_endpoints) {
    auto pattern = definition::EndpointPattern::compile(endpoint.path, {});
    if (!pattern) return Error(pattern.error()).at("/path").at(endpoint.pointer);
    Endpoint made{step->endpoints_.size(),
                  endpoint.method,
                  endpoint.path,
                  std::move(*pattern),
                  endpoint.proxy_on_error,
                  nullptr,
                  {}};
    auto function = driver.loadVirtual(endpoint, build.api);
    if (function) {
      made.function = std::move(*function);
    } else {
      if (!build.broken_plugins_refuse) return Error(function.error()).at(endpoint.pointer);
      made.broken = function.error().message();
    }
    step->endpoints_.push_back(std::move(made));
  }
  return step;
}

const VirtualEndpointStep::Endpoint* VirtualEndpointStep::find(
    const http::Exchange& exchange) const {
  const std::string_view path = strippedPath(exchange);
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.method == exchange.request().method && endpoint.pattern.matches(path)) {
      return &endpoint;
    }
  }
  return nullptr;
}

drivers::HookCall VirtualEndpointStep::callOf(http::Exchange& exchange) const {
  return {drivers::Hook::kPost, exchange, nullptr, Clock::now() + timeout_};
}

Result<chain::Verdict> VirtualEndpointStep::onRequest(http::Exchange& exchange) const {
  const Endpoint* endpoint = find(exchange);
  if (endpoint == nullptr) return chain::Verdict::kContinue;
  const std::uint32_t worker = exchange.workerIndex();
  if (endpoint->function == nullptr || worker >= workers_) {
    return settle(*endpoint, exchange, driver_.virtualFailure(endpoint->broken));
  }
  Slot& slot = slots_[worker];
  slot.bound.resize(endpoints_.size());
  std::unique_ptr<drivers::BoundPlugin>& bound = slot.bound[endpoint->index];
  if (bound == nullptr) {
    auto made = endpoint->function->bind(worker);
    if (!made) {
      return settle(*endpoint, exchange, driver_.virtualFailure(made.error().message()));
    }
    bound = std::move(*made);
  }
  drivers::HookCall call = callOf(exchange);
  const Result<HookVerdict> verdict = bound->call(call);
  if (verdict && *verdict == HookVerdict::kPending) return chain::Verdict::kSuspend;
  return settle(*endpoint, exchange, verdict);
}

net::Task<Result<chain::Verdict>> VirtualEndpointStep::finish(http::Exchange& exchange) const {
  // The request is as it was: a waiting function changes nothing.
  const Endpoint& endpoint = *find(exchange);
  drivers::HookCall call = callOf(exchange);
  drivers::BoundPlugin& bound = *slots_[exchange.workerIndex()].bound[endpoint.index];
  const Result<HookVerdict> verdict = co_await bound.finish(call);
  co_return settle(endpoint, exchange, verdict);
}

Result<chain::Verdict> VirtualEndpointStep::settle(const Endpoint& endpoint,
                                                   http::Exchange& exchange,
                                                   const Result<HookVerdict>& verdict) const {
  if (verdict) {
    http::Response& response = exchange.response();
    if (response.body() != nullptr && !response.headers.contains(http::HeaderId::kContentType)) {
      const std::string_view type = sniffContentType(*response.body());
      if (!type.empty()) response.headers.set(http::HeaderId::kContentType, type);
    }
    return chain::Verdict::kRespond;
  }
  if (!endpoint.proxy_on_error) return verdict.error();
  TYKPP_LOG(err, "plugin", "{} path={} request_id={} reason={} the request goes on",
            verdict.error().message(), log::quoted(endpoint.path), exchange.requestId(),
            log::quoted(verdict.error().detail()));
  return chain::Verdict::kContinue;
}

Result<std::vector<std::unique_ptr<chain::Step>>> createVirtualEndpoints(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.api.virtual_endpoints.empty()) return steps;
  auto* driver = build.drivers == nullptr
                     ? nullptr
                     : dynamic_cast<drivers::VirtualEndpointDriver*>(build.drivers->find("otto"));
  if (driver == nullptr) {
    return Error(Errc::kNotBuilt, "virtual endpoints need the driver \"otto\", which is not built")
        .at(build.api.virtual_endpoints.front().pointer);
  }
  if (!driver->runsVirtualEndpoints()) {
    TYKPP_LOG(warn, "plugin", "virtual endpoints are off, enable_jsvm is false api_id={}",
              log::quoted(build.api.api_id));
    return steps;
  }
  auto step = VirtualEndpointStep::create(build, *driver);
  if (!step) return step.error();
  steps.push_back(std::move(*step));
  return steps;
}

}  // namespace tykpp::hooks
