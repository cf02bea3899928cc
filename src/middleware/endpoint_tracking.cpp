#include "middleware/endpoint_tracking.hpp"

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {

Result<std::vector<EndpointTracking::Endpoint>> EndpointTracking::compile(
    const std::vector<definition::EndpointPlace>& places, const definition::LimitRules& rules) {
  std::vector<Endpoint> endpoints;
  for (const definition::EndpointPlace& place : places) {
    auto pattern = definition::EndpointPattern::compile(place.path, rules.matching);
    if (!pattern) return Error(pattern.error()).at("/path").at(place.pointer);
    endpoints.push_back({place.method, place.path, std::move(*pattern)});
  }
  return endpoints;
}

Result<std::vector<std::unique_ptr<chain::Step>>> EndpointTracking::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::LimitRules* rules = build.api.limits.get();
  if (rules == nullptr || (rules->tracked.empty() && rules->untracked.empty())) return steps;
  auto step = std::make_unique<EndpointTracking>();
  auto tracked = compile(rules->tracked, *rules);
  if (!tracked) return tracked.error();
  auto untracked = compile(rules->untracked, *rules);
  if (!untracked) return untracked.error();
  // A path that cannot be compiled is told even where nothing is recorded.
  if (!build.config.enable_analytics || build.api.do_not_track) return steps;
  step->tracked_ = std::move(*tracked);
  step->untracked_ = std::move(*untracked);
  steps.push_back(std::move(step));
  return steps;
}

const EndpointTracking::Endpoint* EndpointTracking::find(const std::vector<Endpoint>& endpoints,
                                                         const http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const http::EndpointPath path = http::endpointPath(exchange);
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.method == request.method && path.fits(endpoint.pattern)) return &endpoint;
  }
  return nullptr;
}

Result<chain::Verdict> EndpointTracking::onRequest(http::Exchange& exchange) const {
  if (const Endpoint* found = find(tracked_, exchange); found != nullptr) {
    exchange.tracked_path = found->path;
  }
  if (find(untracked_, exchange) != nullptr) exchange.unrecorded = true;
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
