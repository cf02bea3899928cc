#include "middleware/key_limits.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/limit_rules.hpp"
#include "events/fire.hpp"
#include "http/endpoint_path.hpp"
#include "middleware/rate_answer.hpp"
#include "middleware/throttle_wait.hpp"
#include "net/loop.hpp"
#include "session/quota_note.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using chain::Verdict;
using session::Limiter;

constexpr const char* kKeyTooMany = "Rate Limit Exceeded";

Error quotaExceeded() { return Error(Errc::kForbidden, Side::kClient, 403, "Quota exceeded"); }

Clock::duration pauseOf(const session::Throttle& throttle) {
  constexpr double kLongest = 3600;
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::min(throttle.interval, kLongest)));
}

void tellSmoothing(const events::Emitter* events, const http::Exchange& exchange,
                   const session::RateAnswer& answer) {
  using Change = session::SmoothingStep::Change;
  if (answer.smoothing.change == Change::kNone) return;
  const bool up = answer.smoothing.change == Change::kUp;
  events::fireRateLimitSmoothing(
      events, exchange, exchange.session->token(),
      up ? events::Smoothing::kUp : events::Smoothing::kDown,
      (up ? "Rate limit smoothing, allowance grew to "
          : "Rate limit smoothing, allowance fell to ") +
          std::to_string(static_cast<std::int64_t>(answer.smoothing.allowance)));
}

bool anyPluginBehind(const definition::ApiSpec& api) noexcept {
  return !api.hooks.post.empty() || !api.hooks.response.empty() ||
         api.hooks.analytics.has_value() || !api.virtual_endpoints.empty() ||
         !api.endpoint_plugins.empty();
}

/// Counts who waits, as long as it lives.
class Place {
 public:
  explicit Place(std::atomic<std::uint32_t>& taken) noexcept
      : taken_(taken), before_(taken.fetch_add(1, std::memory_order_relaxed)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { taken_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t before() const noexcept { return before_; }

 private:
  std::atomic<std::uint32_t>& taken_;
  std::uint32_t before_;
};

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> KeyLimits::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.api.use_keyless || !SessionPlans::available(build)) return steps;
  const definition::LimitRules& rules = *build.api.limits;
  if (!rules.disable_rate_limit || !rules.disable_quota) {
    steps.push_back(std::make_unique<KeyLimits>(build));
  }
  return steps;
}

KeyLimits::KeyLimits(const chain::BuildContext& build)
    : plans_(build),
      keyrings_(*build.keyrings),
      limiter_(*build.keyrings),
      events_(build.events),
      monitor_(QuotaMonitor::create(build, QuotaMonitor::Of::kKeys)),
      quota_name_(build.api.limits->quota_name),
      rates_(!build.api.limits->disable_rate_limit),
      quotas_(!build.api.limits->disable_quota),
      tells_rates_(tellsRates(build.config)),
      shows_session_(anyPluginBehind(build.api)),
      shows_session_before_(!build.api.hooks.post_auth.empty()) {}

const session::RateRule& KeyLimits::ruleOf(const session::LimitPlan& plan,
                                           const http::Exchange& exchange) const {
  if (!plan.limitsEndpoints()) return plan.rateFor({}, {});
  return plan.rateFor(exchange.request().method, http::endpointPath(exchange).path);
}

Limiter KeyLimits::limiterOf(const session::RateRule& rule) const noexcept {
  return rates_ ? limiter_.limiterFor(rule.limit) : Limiter::kNone;
}

bool KeyLimits::countsQuota(const session::LimitPlan& plan) const noexcept {
  return quotas_ && plan.limit().quota_max > 0;
}

Result<void> KeyLimits::rated(http::Exchange& exchange, const session::RateRule& rule,
                              const session::RateAnswer& answer) const {
  if (tells_rates_) tellRate(exchange, rule.limit, answer);
  if (exchange.context != nullptr) [[unlikely]]
    noteRate(exchange, rule.limit, answer);
  if (answer.admitted) return {};
  return tooMany(kKeyTooMany);
}

Result<Verdict> KeyLimits::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return Verdict::kContinue;
  const auto found = plans_.of(exchange);
  if (!found) return found.error();
  const session::LimitPlan& plan = ***found;
  if (!plan.granted()) return tooMany(kKeyTooMany);
  const session::RateRule& rule = ruleOf(plan, exchange);
  const Limiter limiter = limiterOf(rule);
  // What has to wait for anything does all of it in finish(): nothing is counted twice.
  if (countsQuota(plan)) return Verdict::kSuspend;
  if (limiter == Limiter::kNone) return Verdict::kContinue;
  if (limiter != Limiter::kBucket) return Verdict::kSuspend;
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  const session::RateAnswer answer = limiter_.take(rule, now);
  if (!answer.admitted) {
    // An empty bucket stays as it is, so finish() may ask it again.
    if (plan.throttle().retries > 0) return Verdict::kSuspend;
    events::fireRateLimitExceeded(events_, exchange, exchange.session->token(),
                                  events::RateLimitOf::kKey);
  }
  if (auto done = rated(exchange, rule, answer); !done) return done.error();
  return Verdict::kContinue;
}

net::Task<Result<Verdict>> KeyLimits::finish(http::Exchange& exchange) const {
  const auto found = plans_.of(exchange);
  if (!found) co_return found.error();
  const SessionPlans::Plan plan = **found;  // shared: it outlives the waits
  const session::RateRule& rule = ruleOf(*plan, exchange);
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const Counting counting{exchange, keyring, *plan, rule, limiterOf(rule)};
  if (counting.limiter != Limiter::kNone) {
    Result<void> passed = co_await checkRate(counting);
    if (!passed) co_return passed.error();
  }
  if (countsQuota(*plan)) {
    Result<void> passed = co_await checkQuota(counting);
    if (!passed) co_return passed.error();
  }
  co_return Verdict::kContinue;
}

storage::StoreTask<session::RateAnswer> KeyLimits::count(const Counting& counting) const {
  if (counting.limiter == Limiter::kBucket) {
    co_return limiter_.take(counting.rule, counting.keyring.loop().now());
  }
  Result<session::RateAnswer> answer =
      co_await limiter_.count(counting.keyring, counting.limiter, counting.rule);
  if (answer) tellSmoothing(events_, counting.exchange, *answer);
  co_return answer;
}

net::Task<Result<void>> KeyLimits::checkRate(const Counting& counting) const {
  http::Exchange& exchange = counting.exchange;
  Result<session::RateAnswer> answer = co_await count(counting);
  if (answer && answer->admitted) co_return rated(exchange, counting.rule, *answer);
  events::fireRateLimitExceeded(events_, exchange, exchange.session->token(),
                                events::RateLimitOf::kKey);
  if (answer && counting.plan.throttle().retries > 0) {
    const session::RateAnswer refused = *answer;
    answer = co_await retry(counting, refused);
    if (!answer && answer.error().code() == Errc::kClientGone) co_return answer.error();
  }
  if (!answer) co_return notCounted(exchange, counting.limiter, answer.error(), kKeyTooMany);
  co_return rated(exchange, counting.rule, *answer);
}

net::Task<Result<session::RateAnswer>> KeyLimits::retry(const Counting& counting,
                                                        session::RateAnswer refused) const {
  const session::Throttle throttle = counting.plan.throttle();
  const Place place(throttled_);
  if (place.before() >= kMostThrottled) co_return refused;
  for (std::int64_t turn = 0; turn < throttle.retries; ++turn) {
    ThrottleWait wait(counting.keyring.loop(), counting.exchange, pauseOf(throttle));
    co_await wait;
    if (wait.clientLeft()) co_return Error(Errc::kClientGone, "the client left");
    Result<session::RateAnswer> looked =
        co_await limiter_.look(counting.keyring, counting.limiter, counting.rule);
    if (!looked) co_return looked.error();
    if (!looked->admitted) continue;
    Result<session::RateAnswer> counted = co_await count(counting);
    if (!counted || counted->admitted) co_return counted;
    refused = *counted;
  }
  co_return refused;
}

void KeyLimits::noteQuota(const Counting& counting, const storage::QuotaStep& step) const {
  http::Exchange& exchange = counting.exchange;
  const session::ApiLimit& limit = counting.plan.limit();
  const std::int64_t renews = session::renewalAfter(step.left, limit.quota_renews);
  exchange.limit_numbers = {limit.quota_max, step.remaining, renews};
  // Plugins in front of the limits see the next request's session.
  if (shows_session_before_) {
    session::SessionEntry& entry = *exchange.session_entry;
    entry.noteQuota(counting.plan.scope(), step.remaining, renews);
    counting.keyring.tellQuota(entry.key(), counting.plan.scope(), step.remaining, renews);
  }
  if (!shows_session_) return;
  session::SessionData shown = exchange.session->data();
  session::noteQuota(shown, counting.plan.scope(), step.remaining, renews);
  exchange.session =
      std::make_shared<session::SessionState>(std::move(shown), exchange.session->token());
  // The numbers are no change of the session: nobody shall store it for them.
  exchange.session_entry =
      std::make_shared<session::SessionEntry>(exchange.session_entry->key(), exchange.session);
}

void KeyLimits::watch(const Counting& counting, const storage::QuotaStep& step) const {
  const http::Exchange& exchange = counting.exchange;
  const session::SessionState& session = *exchange.session;
  monitor_->look(exchange,
                 {counting.plan.limit().quota_max, step.remaining, exchange.limit_numbers.reset,
                  &session.data().trigger_limits, session.token()});
}

net::Task<Result<void>> KeyLimits::checkQuota(const Counting& counting) const {
  http::Exchange& exchange = counting.exchange;
  const session::ApiLimit& limit = counting.plan.limit();
  const std::chrono::seconds renewal(limit.quota_renewal_rate);
  // The session itself stays as it is stored. The reference writes it again on each request; the
  // counter has the same numbers, and the control API reads them there.
  const std::string& name = quota_name_.empty() ? counting.plan.quotaKey() : quota_name_;
  Result<storage::QuotaStep> step =
      co_await counting.keyring.client().quotaStep(name, limit.quota_max, renewal);
  if (!step) {
    TYKPP_LOG(err, "quota", "a request cannot be counted: {} api_id={} request_id={}",
              step.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
  } else {
    noteQuota(counting, *step);
    if (!step->blocked) {
      if (monitor_ != nullptr) [[unlikely]]
        watch(counting, *step);
      co_return Result<void>{};
    }
  }
  events::fireQuotaExceeded(events_, exchange, exchange.session->token());
  co_return quotaExceeded();
}

}  // namespace tykpp::middleware
