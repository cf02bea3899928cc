#pragma once
// Calls to upstreams that go elsewhere than their API says: after a URL rewrite or a method
// transform.

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "gateway/snapshot.hpp"
#include "http/exchange.hpp"
#include "upstream/call.hpp"
#include "upstream/endpoint_cache.hpp"

namespace tykpp::gateway {

/// Carries out `exchange.upstream_change`.
/// @pre there is one
/// @param target   the upstream whose turn it is
/// @param options  as for the request without the change
/// @error  as the client is told: the URL leads to no host
Result<void> applyUpstreamChange(const ApiRuntime& api, const definition::GatewayConfig& config,
                                 const definition::TargetUrl& target,
                                 upstream::EndpointCache& endpoints, http::Exchange& exchange,
                                 upstream::CallOptions& options);

}  // namespace tykpp::gateway
