#pragma once
// The way of a request, in one straight line: control API, routing, request chain, upstream,
// response chain, answer, record. docs/life_of_a_request.md tells it with file names. Thread: one
// pipeline a worker.

#include "analytics/api_traffic.hpp"
#include "analytics/wire_capture.hpp"
#include "definition/gateway_config.hpp"
#include "gateway/control_bridge.hpp"
#include "gateway/oauth_bridge.hpp"
#include "gateway/traffic_center.hpp"
#include "gateway/worker.hpp"
#include "http/server_exchange.hpp"
#include "net/resolver.hpp"
#include "response/error_templates.hpp"
#include "upstream/call.hpp"
#include "upstream/endpoint_cache.hpp"

namespace tykpp::gateway {

class RequestProbe;

/// What every worker's pipeline shares; read-only while they run.
struct PipelineShared {
  const definition::GatewayConfig& config;
  const response::ErrorTemplates& errors;
  net::Resolver& resolver;
  ControlBridge& control;
  const OAuthBridge& oauth;
  const TrafficCenter* traffic;  ///< null: records are not stored
  const storage::CacheClients& cache;
  std::uint16_t api_port;      ///< APIs answer on this listener
  std::uint16_t control_port;  ///< the control router on this one; may be the same
};

class Pipeline final : public http::RequestHandler {
 public:
  /// @param probe  tells of the one request there is, which goes to the probe's API; outlives the
  /// pipeline. Null: requests of clients, for the worker's snapshot and the control API
  Pipeline(Worker& worker, const PipelineShared& shared, RequestProbe* probe = nullptr)
      : worker_(worker), shared_(shared), probe_(probe) {}
  net::Task<void> handle(http::ServerExchange& exchange) override;

 private:
  /// Null when there is none: the response is filled then.
  const ApiRuntime* route(const Snapshot& snapshot, std::uint16_t port,
                          http::Exchange& exchange) const;
  net::Task<Result<chain::Verdict>> runRequestChain(const chain::Chain& chain,
                                                    http::ServerExchange& exchange) const;
  net::Task<Result<void>> runResponseChain(const ApiRuntime& api, http::ServerExchange& exchange,
                                           upstream::Call& call) const;
  net::Task<Result<void>> runResponseSteps(const ApiRuntime& api,
                                           http::ServerExchange& exchange) const;
  using Capture = analytics::WireCapture;
  /// Sends what a step answered. @param capture  what is recorded word for word; null: nothing
  net::Task<void> answer(const ApiRuntime& api, http::ServerExchange& exchange,
                         Capture* capture) const;
  /// Response steps that see answers without an end.
  static void runStreamSteps(const ApiRuntime& api, http::Exchange& exchange);
  /// @error  a rewritten URL that leads nowhere
  Result<upstream::CallOptions> callOptions(const ApiRuntime& api, http::Exchange& exchange) const;
  /// @return who made the answer in the end
  net::Task<analytics::Ending> proxy(const ApiRuntime& api, http::ServerExchange& exchange,
                                     Capture* capture) const;
  net::Task<void> fail(const Error& error, http::ServerExchange& exchange, Capture* capture) const;

  // pipeline_record.cpp
  /// Where the body of an answer goes that is to be kept; null when it is not.
  std::unique_ptr<http::BodyTap> tapForCache(const http::Exchange& exchange) const;
  /// Request and answer are recorded word for word from here on; null where they are not.
  std::unique_ptr<Capture> capture(const ApiRuntime& api, http::ServerExchange& exchange,
                                   analytics::Ending ending) const;
  net::Task<void> record(const ApiRuntime& api, http::ServerExchange& exchange,
                         analytics::Ending ending, Capture* capture);
  Worker& worker_;
  const PipelineShared& shared_;
  RequestProbe* const probe_;
  analytics::LocalClock clock_;
  mutable upstream::EndpointCache rewritten_endpoints_;
};

}  // namespace tykpp::gateway
