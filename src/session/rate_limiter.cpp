#include "session/rate_limiter.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "base/log.hpp"
#include "net/loop.hpp"
#include "session/impl/allowance.hpp"

namespace tykpp::session {
namespace {

std::int64_t unixNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// At least one second: an end that is rounded to nought would be none.
std::chrono::seconds wholeSeconds(std::chrono::nanoseconds time) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(time), std::chrono::seconds(1));
}

/// How many requests the log has to remember for an answer.
std::int64_t logSize(const RateLimit& limit) {
  constexpr double kMost = 1e15;
  return std::max<std::int64_t>(static_cast<std::int64_t>(std::min(limit.rate, kMost)), 1);
}

RateAnswer answerOf(const BucketAnswer& bucket, Clock::time_point now) {
  return {bucket.admitted, bucket.remaining, bucket.reset - now, {}};
}

/// The sentinel's log: kept beside the decision about the request, for those that follow.
/// Everything by value: the request may be gone meanwhile.
net::Detached keepLog(storage::KeyStoreClient& client, std::string name, std::string mark,
                      RateLimit limit, double bound) {
  const std::chrono::nanoseconds per = limit.window();
  const std::int64_t now = unixNanoseconds();
  const std::int64_t size = logSize(limit);
  Result<storage::SlidingLogStep> step = co_await client.slidingLog(name, now, per, size);
  Result<bool> marked = true;
  if (step && static_cast<double>(step->before) > bound) {
    const std::chrono::seconds ttl = wholeSeconds(per);
    marked = co_await client.flag(mark, ttl);
  }
  if (step && marked) co_return;
  const Error error = step ? marked.error() : step.error();
  if (error.code() == Errc::kShuttingDown) co_return;
  TYKPP_LOG(warn, "rate", "a request is missing in the log of its limit: {}", error.message());
}

}  // namespace

RateLimiter::RateLimiter(Keyrings& keyrings) noexcept
    : keyrings_(keyrings), config_(keyrings.config().identity.limiter) {}

Limiter RateLimiter::limiterFor(const RateLimit& limit) const noexcept {
  return chooseLimiter(config_, limit, keyrings_.nodes());
}

RateAnswer RateLimiter::take(const RateRule& rule, Clock::time_point now) const {
  return answerOf(keyrings_.buckets().take(rule.bucket, rule.limit, keyrings_.nodes(), now), now);
}

RateAnswer RateLimiter::peek(const RateRule& rule, Clock::time_point now) const {
  return answerOf(keyrings_.buckets().peek(rule.bucket, rule.limit, keyrings_.nodes(), now), now);
}

storage::StoreTask<RateAnswer> RateLimiter::count(Keyring& keyring, Limiter limiter,
                                                  const RateRule& rule) const {
  switch (limiter) {
    case Limiter::kFixedWindow:
      return fixedWindow(keyring, rule);
    case Limiter::kSentinel:
      return sentinel(keyring, rule);
    default:
      return slidingLog(keyring, limiter, rule);
  }
}

storage::StoreTask<RateAnswer> RateLimiter::slidingLog(Keyring& keyring, Limiter limiter,
                                                       const RateRule& rule) const {
  storage::KeyStoreClient& client = keyring.client();
  const std::chrono::nanoseconds per = rule.limit.window();
  const std::int64_t now = unixNanoseconds();
  const std::int64_t size = logSize(rule.limit);
  Result<storage::SlidingLogStep> step = co_await client.slidingLog(rule.name, now, per, size);
  if (!step) co_return step.error();
  RateAnswer answer;
  double allowance = rule.limit.rate;
  if (smooths(config_, rule.limit, limiter)) {
    const auto before = static_cast<double>(step->before);
    Result<SmoothingStep> moved = co_await moveAllowance(client, rule, before);
    if (!moved) co_return moved.error();
    answer.smoothing = *moved;
    allowance = moved->allowance;
  }
  const double bound = slidingLogBound(config_, allowance);
  answer.admitted = static_cast<double>(step->before) <= bound;
  answer.remaining =
      std::max<std::int64_t>(static_cast<std::int64_t>(allowance) - step->before - 1, 0);
  if (answer.remaining == 0) {
    answer.left = std::chrono::nanoseconds(step->reference_ns - now) + per;
  }
  co_return answer;
}

storage::StoreTask<RateAnswer> RateLimiter::sentinel(Keyring& keyring, const RateRule& rule) const {
  storage::KeyStoreClient& client = keyring.client();
  Result<bool> marked = co_await client.flagged(rule.blocked);
  if (!marked) co_return marked.error();
  const bool smoothed = smooths(config_, rule.limit, Limiter::kSentinel);
  if (!smoothed) {
    keepLog(client, rule.name, rule.blocked, rule.limit, slidingLogBound(config_, rule.limit.rate));
  }
  RateAnswer answer;
  if (smoothed) {
    // Whether the allowance moved is told with this request, so its log is awaited.
    Result<RateAnswer> logged = co_await slidingLog(keyring, Limiter::kSentinel, rule);
    if (!logged) co_return logged.error();
    answer = *logged;
    if (!answer.admitted) {
      const std::chrono::seconds ttl = wholeSeconds(rule.limit.window());
      const Result<bool> mark = co_await client.flag(rule.blocked, ttl);
      if (!mark) co_return mark.error();
    }
  }
  answer.admitted = !*marked;
  answer.left = rule.limit.window();
  co_return answer;
}

storage::StoreTask<RateAnswer> RateLimiter::fixedWindow(Keyring& keyring,
                                                        const RateRule& rule) const {
  const std::chrono::nanoseconds per = rule.limit.window();
  const std::int64_t now = unixNanoseconds();
  Result<storage::FixedWindowStep> step =
      co_await keyring.client().fixedWindow(rule.name, now, per);
  if (!step) co_return step.error();
  const double over = static_cast<double>(step->count) - rule.limit.rate;
  RateAnswer answer;
  answer.admitted = over <= 0;
  answer.remaining = over < 0 ? static_cast<std::int64_t>(-over) : 0;
  answer.left = step->left;
  co_return answer;
}

storage::StoreTask<RateAnswer> RateLimiter::look(Keyring& keyring, Limiter limiter,
                                                 const RateRule& rule) const {
  storage::KeyStoreClient& client = keyring.client();
  const std::chrono::nanoseconds per = rule.limit.window();
  const std::int64_t now = unixNanoseconds();
  RateAnswer answer;
  if (limiter == Limiter::kBucket) {
    answer = peek(rule, keyring.loop().now());
  } else if (limiter == Limiter::kSentinel) {
    Result<bool> marked = co_await client.flagged(rule.blocked);
    if (!marked) co_return marked.error();
    answer.admitted = !*marked;
  } else if (limiter == Limiter::kFixedWindow) {
    const std::string name = rule.name + "/" + std::to_string(storage::fixedWindowStart(now, per));
    Result<storage::QuotaCount> counted = co_await client.quotaPeek(name);
    if (!counted) co_return counted.error();
    answer.admitted = static_cast<double>(counted->used) + 1 <= rule.limit.rate;
  } else {
    Result<std::int64_t> logged = co_await client.slidingLogCount(rule.name, now, per);
    if (!logged) co_return logged.error();
    double allowance = rule.limit.rate;
    if (smooths(config_, rule.limit, limiter)) {
      Result<double> stored = co_await allowanceOf(client, rule);
      if (!stored) co_return stored.error();
      allowance = *stored;
    }
    answer.admitted = static_cast<double>(*logged) <= slidingLogBound(config_, allowance);
  }
  co_return answer;
}

}  // namespace tykpp::session
