#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "middleware/quota_monitor.hpp"
#include "session/limit_plan.hpp"
#include "session/rate_limiter.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Holds all requests to an organisation's APIs against the organisation's own session: 403 when it
/// is switched off, or above its rate or quota. An organisation without a session is not limited.
/// Thread: any worker. Source: `enforce_org_quotas`, the store's `orgkey.<org_id>`.
class OrgMonitor final : public chain::Step {
 public:
  static constexpr std::string_view kName = "org_monitor";
  /// @return nothing unless `enforce_org_quotas`
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit OrgMonitor(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  /// The organisation as one worker knows it.
  struct Known {
    std::shared_ptr<const session::LimitPlan> plan;               ///< null: it has no session
    std::shared_ptr<const std::vector<double>> trigger_limits{};  ///< null without a session
    bool inactive = false;
    Clock::time_point until;  ///< asked for again then
  };
  net::Task<Known> known(http::Exchange& exchange) const;
  net::Task<bool> rateAllows(session::Keyring& keyring, const session::RateRule& rule) const;
  net::Task<bool> quotaAllows(const http::Exchange& exchange, const Known& org) const;

  session::Keyrings& keyrings_;
  session::RateLimiter limiter_;
  const events::Emitter* events_;
  std::unique_ptr<const QuotaMonitor> monitor_;  ///< null: quotas are not watched
  std::string org_id_;
  mutable std::vector<Known> known_;  // by worker
};

}  // namespace tykpp::middleware
