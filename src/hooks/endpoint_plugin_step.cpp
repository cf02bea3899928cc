#include "hooks/endpoint_plugin_step.hpp"

#include "definition/api_spec.hpp"

namespace tykpp::hooks {

Result<std::unique_ptr<EndpointPluginStep>> EndpointPluginStep::create(
    const chain::BuildContext& build) {
  auto step = std::make_unique<EndpointPluginStep>();
  for (const definition::EndpointPlugin& endpoint : build.api.endpoint_plugins) {
    auto pattern = definition::EndpointPattern::compile(endpoint.path, {});
    if (!pattern) return Error(pattern.error()).at("/path").at(endpoint.plugin.pointer);
    auto runner = HookRunner::create(build, endpoint.plugin, drivers::Hook::kPost);
    if (!runner) return runner.error();
    if ((*runner)->bodyNeed() == http::BodyNeed::kBuffer) {
      step->body_need_ = http::BodyNeed::kBuffer;
    }
    step->endpoints_.push_back({endpoint.method, std::move(*pattern), std::move(*runner)});
  }
  return step;
}

Result<std::vector<std::unique_ptr<chain::Step>>> createEndpointPlugins(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.api.endpoint_plugins.empty()) return steps;
  auto step = EndpointPluginStep::create(build);
  if (!step) return step.error();
  steps.push_back(std::move(*step));
  return steps;
}

}  // namespace tykpp::hooks
