#include "middleware/api_limits.hpp"

#include "definition/api_spec.hpp"
#include "definition/limit_rules.hpp"
#include "events/fire.hpp"
#include "middleware/rate_answer.hpp"
#include "net/loop.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using chain::Verdict;
using session::Limiter;

constexpr const char* kApiTooMany = "API Rate Limit Exceeded";

/// @param endpoint  its hash, or empty
session::RateRule ruleOf(const chain::BuildContext& build, double rate, double per,
                         std::string_view endpoint) {
  std::string key = session::apiLimiterKey(build.api.org_id, build.api.api_id, endpoint);
  if (build.config.identity.keys.hash_keys) key = session::shortHash(key);
  // A definition that was changed begins with full buckets.
  return session::makeRateRule({rate, per, std::nullopt}, session::rateLimitName({}, key),
                               ":" + std::to_string(build.api.limits->number));
}

void fireRefusal(const events::Emitter* events, const http::Exchange& exchange) {
  const std::string_view key =
      exchange.session == nullptr ? std::string_view{} : exchange.session->token();
  events::fireRateLimitExceeded(events, exchange, key, events::RateLimitOf::kApi);
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> ApiLimits::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::LimitRules* rules = build.api.limits.get();
  if (rules == nullptr || rules->disable_rate_limit) return steps;
  if (rules->global_rate <= 0 && rules->endpoint_rates.empty()) return steps;
  if (build.keyrings == nullptr) {
    return Error(Errc::kNotBuilt, "needs a store of counters").at("/global_rate_limit");
  }
  auto step = std::make_unique<ApiLimits>(build);
  if (auto added = step->addEndpoints(build); !added) return added.error();
  steps.push_back(std::move(step));
  return steps;
}

ApiLimits::ApiLimits(const chain::BuildContext& build)
    : keyrings_(*build.keyrings),
      limiter_(*build.keyrings),
      events_(build.events),
      tells_rates_(tellsRates(build.config)) {
  const definition::LimitRules& rules = *build.api.limits;
  if (rules.global_rate > 0) rule_ = ruleOf(build, rules.global_rate, rules.global_per, {});
}

Result<void> ApiLimits::addEndpoints(const chain::BuildContext& build) {
  const definition::LimitRules& rules = *build.api.limits;
  for (const definition::EndpointRate& endpoint : rules.endpoint_rates) {
    const definition::EndpointPlace& place = endpoint.place;
    const std::string hash = session::shortHash(session::endpointId(place.method, place.path));
    auto added =
        endpoints_.add(place, rules.matching, ruleOf(build, endpoint.rate, endpoint.per, hash));
    if (!added) return added;
  }
  return {};
}

const session::RateRule* ApiLimits::ruleFor(const http::Exchange& exchange) const {
  const session::RateRule* rule = rule_ ? &*rule_ : nullptr;
  if (const session::RateRule* own = endpoints_.find(exchange); own != nullptr) rule = own;
  return rule != nullptr && rule->limit.limited() ? rule : nullptr;
}

Result<Verdict> ApiLimits::rated(http::Exchange& exchange, const session::RateRule& rule,
                                 const session::RateAnswer& answer) const {
  if (tells_rates_) tellRate(exchange, rule.limit, answer);
  if (answer.admitted) return Verdict::kContinue;
  fireRefusal(events_, exchange);
  return tooMany(kApiTooMany);
}

Result<Verdict> ApiLimits::onRequest(http::Exchange& exchange) const {
  const session::RateRule* rule = ruleFor(exchange);
  if (rule == nullptr) return Verdict::kContinue;
  if (limiter_.limiterFor(rule->limit) != Limiter::kBucket) return Verdict::kSuspend;
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  return rated(exchange, *rule, limiter_.take(*rule, now));
}

net::Task<Result<Verdict>> ApiLimits::finish(http::Exchange& exchange) const {
  const session::RateRule& rule = *ruleFor(exchange);
  const Limiter limiter = limiter_.limiterFor(rule.limit);
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  if (limiter == Limiter::kBucket) {  // a gateway left since onRequest()
    co_return rated(exchange, rule, limiter_.take(rule, keyring.loop().now()));
  }
  Result<session::RateAnswer> answer = co_await limiter_.count(keyring, limiter, rule);
  if (!answer) {
    fireRefusal(events_, exchange);
    co_return notCounted(exchange, limiter, answer.error(), kApiTooMany);
  }
  co_return rated(exchange, rule, *answer);
}

}  // namespace tykpp::middleware
