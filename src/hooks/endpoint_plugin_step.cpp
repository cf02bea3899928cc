#include "hooks/endpoint_plugin_step.hpp"

#include "definition/api_spec.hpp"
#include "hooks/impl/chain_verdict.hpp"
#include "hooks/impl/endpoint_path.hpp"

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

const EndpointPluginStep::Endpoint* EndpointPluginStep::find(const http::Exchange& exchange) const {
  const std::string_view path = endpointPath(exchange);
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.method == exchange.request().method && endpoint.pattern.matches(path)) {
      return &endpoint;
    }
  }
  return nullptr;
}

Result<chain::Verdict> EndpointPluginStep::onRequest(http::Exchange& exchange) const {
  const Endpoint* endpoint = find(exchange);
  if (endpoint == nullptr) return chain::Verdict::kContinue;
  return chainVerdict(endpoint->runner->call(exchange));
}

net::Task<Result<chain::Verdict>> EndpointPluginStep::finish(http::Exchange& exchange) const {
  // The request is as it was: a waiting function changes a copy.
  const Endpoint& endpoint = *find(exchange);
  const Result<drivers::HookVerdict> verdict = co_await endpoint.runner->finish(exchange);
  co_return chainVerdict(verdict);
}

std::vector<const HookRunner*> EndpointPluginStep::runners() const {
  std::vector<const HookRunner*> list;
  for (const Endpoint& endpoint : endpoints_) list.push_back(endpoint.runner.get());
  return list;
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
