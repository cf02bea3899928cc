#include "middleware/org_monitor.hpp"

#include <chrono>

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"
#include "events/fire.hpp"
#include "middleware/refusal.hpp"
#include "net/loop.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"
#include "session/quota_note.hpp"

namespace tykpp::middleware {
namespace {

using chain::Verdict;
using session::Limiter;

constexpr std::string_view kPrefix = "orgkey.";
/// As long as sessions of keys stay in a worker's cache.
constexpr std::chrono::seconds kKeptFor{10};

std::string noHash(std::string_view text) { return std::string(text); }

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> OrgMonitor::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.config.identity.limiter.enforce_org_quotas && build.keyrings != nullptr &&
      !build.api.org_id.empty()) {
    steps.push_back(std::make_unique<OrgMonitor>(build));
  }
  return steps;
}

OrgMonitor::OrgMonitor(const chain::BuildContext& build)
    : keyrings_(*build.keyrings),
      limiter_(*build.keyrings),
      events_(build.events),
      monitor_(QuotaMonitor::create(build, QuotaMonitor::Of::kOrganisations)),
      org_id_(build.api.org_id),
      known_(build.workers) {}

Result<Verdict> OrgMonitor::onRequest(http::Exchange& exchange) const {
  const Known& known = known_[exchange.workerIndex()];
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  if (now < known.until && known.plan == nullptr) return Verdict::kContinue;
  return Verdict::kSuspend;
}

net::Task<OrgMonitor::Known> OrgMonitor::known(http::Exchange& exchange) const {
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::size_t worker = exchange.workerIndex();
  if (keyring.loop().now() < known_[worker].until) co_return known_[worker];
  const std::string name = std::string(kPrefix) + org_id_;
  Result<std::optional<std::string>> json = co_await keyring.client().get(name);
  if (!json) {
    // What was known goes on; APIs without keys are served whatever the store does.
    TYKPP_LOG(err, "organisation", "the store does not answer: {} org_id={} request_id={}",
              json.error().message(), log::quoted(org_id_), exchange.requestId());
    co_return known_[worker];
  }
  Known fresh;
  fresh.until = keyring.loop().now() + kKeptFor;
  if (*json) {
    Result<session::SessionData> data = session::SessionData::parse(**json);
    if (data) {
      const std::string key = keyring.store().nameOf(org_id_);
      const session::PlanContext context{{}, key, {}, &noHash, {}};
      data->access_rights.clear();  // the organisation's limits are its root's
      fresh.plan = std::make_shared<const session::LimitPlan>(*data, context);
      fresh.inactive = data->is_inactive;
      fresh.trigger_limits =
          std::make_shared<const std::vector<double>>(std::move(data->trigger_limits));
    } else {
      TYKPP_LOG(err, "organisation", "its session cannot be read: {} org_id={}",
                data.error().message(), log::quoted(org_id_));
    }
  }
  known_[worker] = fresh;
  co_return fresh;
}

net::Task<bool> OrgMonitor::rateAllows(session::Keyring& keyring,
                                       const session::RateRule& rule) const {
  const Limiter limiter = limiter_.limiterFor(rule.limit);
  if (limiter == Limiter::kNone) co_return true;
  if (limiter == Limiter::kBucket) {
    co_return limiter_.take(rule, keyring.loop().now()).admitted;
  }
  Result<session::RateAnswer> answer = co_await limiter_.count(keyring, limiter, rule);
  co_return answer && answer->admitted;
}

net::Task<bool> OrgMonitor::quotaAllows(const http::Exchange& exchange, const Known& org) const {
  const session::LimitPlan& plan = *org.plan;
  const session::ApiLimit& limit = plan.limit();
  if (limit.quota_max <= 0) co_return true;
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::chrono::seconds renewal(limit.quota_renewal_rate);
  Result<storage::QuotaStep> step =
      co_await keyring.client().quotaStep(plan.quotaKey(), limit.quota_max, renewal);
  if (!step || step->blocked) co_return false;
  if (monitor_ != nullptr) {
    const std::int64_t renews = session::renewalAfter(step->left, limit.quota_renews);
    const QuotaMonitor::Usage usage{limit.quota_max, step->remaining, renews,
                                    org.trigger_limits.get(), org_id_};
    monitor_->look(exchange, usage);
  }
  co_return true;
}

net::Task<Result<Verdict>> OrgMonitor::finish(http::Exchange& exchange) const {
  const Known org = co_await known(exchange);
  if (org.plan == nullptr) co_return Verdict::kContinue;
  if (org.inactive) {
    co_return refused(
        403, "this organisation access has been disabled, please contact your API administrator");
  }
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const session::RateRule& rule = org.plan->rateFor({}, {});
  const bool in_rate = co_await rateAllows(keyring, rule);
  if (!in_rate) {
    events::fireOrgRateLimitExceeded(events_, exchange, org_id_);
    co_return refused(
        403,
        "This organisation rate limit has been exceeded, please contact your API administrator");
  }
  const bool in_quota = co_await quotaAllows(exchange, org);
  if (!in_quota) {
    events::fireOrgQuotaExceeded(events_, exchange, org_id_);
    co_return refused(
        403, "This organisation quota has been exceeded, please contact your API administrator");
  }
  co_return Verdict::kContinue;
}

}  // namespace tykpp::middleware
