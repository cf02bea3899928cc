#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "middleware/quota_monitor.hpp"
#include "middleware/session_plan.hpp"
#include "session/rate_limiter.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Counts a request against the rate and then the quota of its session: 429 above the one, 403
/// above the other. With throttling a request above the rate waits and tries again. A rate that is
/// counted in memory costs neither a wait nor an allocation, a quota one question to the store.
/// Requests on the ignore list pass. Thread: any worker. Source: the session's `rate`, `per`,
/// `quota_…`, `throttle_…`, `smoothing`, `access_rights[…].limit` and `.endpoints`.
class KeyLimits final : public chain::Step {
 public:
  static constexpr std::string_view kName = "key_limits";
  /// @return nothing for keyless APIs, and when `disable_rate_limit` and `disable_quota` are set
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit KeyLimits(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  /// Requests of the API that may wait at a time; more are refused at once.
  static constexpr std::uint32_t kMostThrottled = 10'000;

  /// One rule of one request, on its way through finish().
  struct Counting {
    http::Exchange& exchange;
    session::Keyring& keyring;
    const session::LimitPlan& plan;
    const session::RateRule& rule;
    session::Limiter limiter;
  };
  const session::RateRule& ruleOf(const session::LimitPlan& plan,
                                  const http::Exchange& exchange) const;
  session::Limiter limiterOf(const session::RateRule& rule) const noexcept;
  bool countsQuota(const session::LimitPlan& plan) const noexcept;
  Result<void> rated(http::Exchange& exchange, const session::RateRule& rule,
                     const session::RateAnswer& answer) const;
  storage::StoreTask<session::RateAnswer> count(const Counting& counting) const;
  net::Task<Result<void>> checkRate(const Counting& counting) const;
  net::Task<Result<session::RateAnswer>> retry(const Counting& counting,
                                               session::RateAnswer refused) const;
  net::Task<Result<void>> checkQuota(const Counting& counting) const;
  void noteQuota(const Counting& counting, const storage::QuotaStep& step) const;
  void watch(const Counting& counting, const storage::QuotaStep& step) const;

  SessionPlans plans_;
  session::Keyrings& keyrings_;
  session::RateLimiter limiter_;
  const events::Emitter* events_;
  std::unique_ptr<const QuotaMonitor> monitor_;  ///< null: quotas are not watched
  const std::string quota_name_;                 // LimitRules::quota_name
  bool rates_;
  bool quotas_;
  bool tells_rates_;
  bool shows_session_;         // plugins behind this step see what is left of the quota
  bool shows_session_before_;  ///< plugins in front of it see sessions
  mutable std::atomic<std::uint32_t> throttled_{0};
};

}  // namespace tykpp::middleware
