#include "middleware/rate_answer.hpp"

#include <charconv>
#include <chrono>

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "http/request_context.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::string_view kLimit = "X-Ratelimit-Limit";
constexpr std::string_view kRemaining = "X-Ratelimit-Remaining";
constexpr std::string_view kReset = "X-Ratelimit-Reset";

std::string_view inArena(http::Exchange& exchange, std::int64_t number) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number);
  return exchange.arena().copy({text, static_cast<std::size_t>(end.ptr - text)});
}

std::int64_t unixSecondsAfter(std::chrono::nanoseconds left) {
  const auto then = std::chrono::system_clock::now().time_since_epoch() + left;
  return std::chrono::duration_cast<std::chrono::seconds>(then).count();
}

}  // namespace

bool tellsRates(const definition::GatewayConfig& config) noexcept {
  return config.identity.limiter.rate_limit_response_headers == "rate_limits";
}

void tellRate(http::Exchange& exchange, const session::RateLimit& limit,
              const session::RateAnswer& answer) {
  http::Headers& headers = exchange.answer_headers;
  if (headers.contains(kLimit)) return;
  const session::RateHeaders numbers =
      session::rateHeaders(limit, answer.remaining, unixSecondsAfter(answer.left));
  headers.add(kLimit, inArena(exchange, numbers.limit));
  headers.add(kRemaining, inArena(exchange, numbers.remaining));
  headers.add(kReset, inArena(exchange, numbers.reset));
}

void noteRate(http::Exchange& exchange, const session::RateLimit& limit,
              const session::RateAnswer& answer) {
  const session::RateHeaders numbers =
      session::rateHeaders(limit, answer.remaining, unixSecondsAfter(answer.left));
  exchange.context->rate = http::LimitNumbers{numbers.limit, numbers.remaining, numbers.reset};
}

Error tooMany(const char* text) { return Error(Errc::kForbidden, Side::kClient, 429, text); }

Error notCounted(const http::Exchange& exchange, session::Limiter limiter, const Error& cause,
                 const char* text) {
  TYKPP_LOG(err, "rate", "a request cannot be counted: {} api_id={} request_id={}", cause.message(),
            log::quoted(exchange.api->api_id), exchange.requestId());
  if (limiter == session::Limiter::kFixedWindow) {
    return Error(Errc::kIo, "there was a problem proxying the request");
  }
  return tooMany(text);
}

}  // namespace tykpp::middleware
