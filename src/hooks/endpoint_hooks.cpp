#include "hooks/endpoint_hooks.hpp"

#include "hooks/impl/chain_verdict.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::hooks {
const EndpointHooks::Endpoint* EndpointHooks::find(const http::Exchange& exchange) const {
  const http::EndpointPath path = http::endpointPath(exchange);
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.method == exchange.request().method && path.fits(endpoint.pattern)) {
      return &endpoint;
    }
  }
  return nullptr;
}

Result<chain::Verdict> EndpointHooks::onRequest(http::Exchange& exchange) const {
  const Endpoint* endpoint = find(exchange);
  if (endpoint == nullptr) return chain::Verdict::kContinue;
  return chainVerdict(endpoint->runner->call(exchange));
}

net::Task<Result<chain::Verdict>> EndpointHooks::finish(http::Exchange& exchange) const {
  // The request is as it was: a waiting function changes a copy, or nothing.
  const Endpoint& endpoint = *find(exchange);
  const Result<drivers::HookVerdict> verdict = co_await endpoint.runner->finish(exchange);
  co_return chainVerdict(verdict);
}

std::vector<const HookRunner*> EndpointHooks::runners() const {
  std::vector<const HookRunner*> list;
  for (const Endpoint& endpoint : endpoints_) list.push_back(endpoint.runner.get());
  return list;
}

}  // namespace tykpp::hooks
