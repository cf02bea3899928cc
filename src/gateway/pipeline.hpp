#pragma once
// The way of a request, in one straight line: control API, routing, request chain, upstream,
// response chain, answer, record. docs/life_of_a_request.md tells it with file names. Thread: one
// pipeline a worker.

#include "definition/gateway_config.hpp"
#include "gateway/control_bridge.hpp"
#include "gateway/oauth_bridge.hpp"
#include "gateway/worker.hpp"
#include "http/server_exchange.hpp"
#include "net/resolver.hpp"
#include "response/error_templates.hpp"
#include "upstream/call.hpp"

namespace tykpp::gateway {

/// What every worker's pipeline shares; read-only while they run.
struct PipelineShared {
  const definition::GatewayConfig& config;
  const response::ErrorTemplates& errors;
  net::Resolver& resolver;
  ControlBridge& control;
  const OAuthBridge& oauth;
  std::uint16_t api_port;      ///< APIs answer on this listener
  std::uint16_t control_port;  ///< the control router on this one; may be the same
};

class Pipeline final : public http::RequestHandler {
 public:
  Pipeline(Worker& worker, const PipelineShared& shared) : worker_(worker), shared_(shared) {}
  net::Task<void> handle(http::ServerExchange& exchange) override;

 private:
  /// Null when there is none: the response is filled then.
  const ApiRuntime* route(const Snapshot& snapshot, const route::Router& router,
                          http::Exchange& exchange) const;
  net::Task<Result<chain::Verdict>> runRequestChain(const chain::Chain& chain,
                                                    http::ServerExchange& exchange) const;
  net::Task<Result<void>> runResponseChain(const ApiRuntime& api, http::ServerExchange& exchange,
                                           upstream::Call& call) const;
  net::Task<Result<void>> runResponseSteps(const ApiRuntime& api,
                                           http::ServerExchange& exchange) const;
  /// Sends what a step answered.
  net::Task<void> answer(const ApiRuntime& api, http::ServerExchange& exchange) const;
  upstream::CallOptions callOptions(const ApiRuntime& api, http::Exchange& exchange) const;
  net::Task<void> proxy(const ApiRuntime& api, http::ServerExchange& exchange) const;
  net::Task<void> fail(const Error& error, http::ServerExchange& exchange) const;
  net::Task<void> record(const ApiRuntime& api, http::Exchange& exchange) const;
  Worker& worker_;
  const PipelineShared& shared_;
};

}  // namespace tykpp::gateway
