#include "hooks/virtual_endpoint_step.hpp"

#include "base/log.hpp"
#include "definition/gateway_config.hpp"
#include "drivers/virtual_endpoints.hpp"

namespace tykpp::hooks {

namespace {

/// The endpoint as a hook: `proxy_on_error` is what `on_error: skip` is elsewhere.
definition::PluginRef asHook(const chain::BuildContext& build,
                             const definition::VirtualEndpoint& endpoint) {
  definition::PluginRef ref;
  ref.name = endpoint.function;
  if (!endpoint.is_blob) ref.path = endpoint.source;
  ref.driver = "otto";
  ref.pointer = endpoint.pointer;
  ref.timeout = build.config.plugins.jsvm_timeout;
  ref.on_error =
      endpoint.proxy_on_error ? definition::OnPluginError::kSkip : definition::OnPluginError::kFail;
  return ref;
}

}  // namespace

Result<std::unique_ptr<VirtualEndpointStep>> VirtualEndpointStep::create(
    const chain::BuildContext& build, drivers::VirtualEndpointDriver& driver) {
  auto step = std::make_unique<VirtualEndpointStep>();
  for (const definition::VirtualEndpoint& endpoint : build.api.virtual_endpoints) {
    auto pattern = definition::EndpointPattern::compile(endpoint.path, {});
    if (!pattern) return Error(pattern.error()).at("/path").at(endpoint.pointer);
    auto runner =
        HookRunner::create(build, asHook(build, endpoint), drivers::Hook::kPost, "virtual",
                           {driver.loadVirtual(endpoint, build.api), driver.virtualFailure({})});
    if (!runner) return runner.error();
    step->endpoints_.push_back({endpoint.method, std::move(*pattern), std::move(*runner)});
  }
  return step;
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
