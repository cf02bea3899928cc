#pragma once
// Functions that only requests to some endpoints of an API pass: what virtual endpoints and plugins
// of single endpoints have in common.

#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/endpoint_pattern.hpp"
#include "hooks/hook_runner.hpp"

namespace tykpp::hooks {

/// The first endpoint whose method and path match has its function called, as at a post hook;
/// without one the request goes on. Thread: any worker.
class EndpointHooks : public chain::Step {
 public:
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  /// The endpoints' functions with their counters, in the definition's order.
  std::vector<const HookRunner*> runners() const;

 protected:
  struct Endpoint {
    std::string method;
    definition::EndpointPattern pattern;
    std::unique_ptr<HookRunner> runner;
  };
  std::vector<Endpoint> endpoints_;  // filled before the first request

 private:
  const Endpoint* find(const http::Exchange& exchange) const;
};

}  // namespace tykpp::hooks
