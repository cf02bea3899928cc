#include "middleware/endpoint_tracking.hpp"

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::middleware {

Result<EndpointTable<std::string>> EndpointTracking::compile(
    const std::vector<definition::EndpointPlace>& places, const definition::LimitRules& rules) {
  EndpointTable<std::string> endpoints;
  for (const definition::EndpointPlace& place : places) {
    if (auto added = endpoints.add(place, rules.matching, place.path); !added) return added.error();
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

Result<chain::Verdict> EndpointTracking::onRequest(http::Exchange& exchange) const {
  if (const std::string* path = tracked_.find(exchange); path != nullptr) {
    exchange.tracked_path = *path;
  }
  if (untracked_.find(exchange) != nullptr) exchange.unrecorded = true;
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
