#pragma once
// What steps do with the word of a limiter.

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "http/exchange.hpp"
#include "session/rate_limiter.hpp"

namespace tykpp::middleware {

/// Whether clients are told of rates and not of quotas. Source: `rate_limit_response_headers`
bool tellsRates(const definition::GatewayConfig& config) noexcept;

/// Puts what a limiter said on the answer, whoever makes it. What another limiter said before
/// stays: the key's counts before the API's.
void tellRate(http::Exchange& exchange, const session::RateLimit& limit,
              const session::RateAnswer& answer);

/// Remembers what the limiter of a key said for variables of the context. @pre the exchange has one
void noteRate(http::Exchange& exchange, const session::RateLimit& limit,
              const session::RateAnswer& answer);

/// 429 with this text.
Error tooMany(const char* text);
/// A limiter whose store does not answer: it refuses, as in the reference; logged.
/// @param text  for 429
Error notCounted(const http::Exchange& exchange, session::Limiter limiter, const Error& cause,
                 const char* text);

}  // namespace tykpp::middleware
