#pragma once
// `<listen path>tyk/rate-limits/`: what the key of a request may do, for whoever holds the key.

#include <string>

#include "chain/chain.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

/// Whether a routed request asks for the page. Thread: any worker.
bool asksForRateLimits(const http::Exchange& exchange) noexcept;
/// The steps of an API's chain that find out who asks: addresses, version, authentication, rights.
/// Nothing is counted. Thread: main.
chain::Chain rateLimitsChain(const chain::Chain& api);
/// Answers after those steps ran: the quota and rate at the root of the session.
/// @error 403 no session: the endpoint lists let everybody through
Result<void> answerRateLimits(http::Exchange& exchange);

}  // namespace tykpp::gateway
