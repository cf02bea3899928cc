#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "middleware/endpoint_table.hpp"
#include "session/rate_limiter.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Counts all requests to an API, whoever sends them: 429 above its rate. The first rule of an
/// endpoint that matches stands in for the API's and counts on its own. Thread: any worker.
/// Source: `global_rate_limit`, `extended_paths.rate_limit`.
class ApiLimits final : public chain::Step {
 public:
  static constexpr std::string_view kName = "api_limits";
  /// @return nothing without such limits or with `disable_rate_limit`
  /// @error  an endpoint's path cannot be compiled; no store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit ApiLimits(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  Result<void> addEndpoints(const chain::BuildContext& build);
  /// Null: no limit for this request.
  const session::RateRule* ruleFor(const http::Exchange& exchange) const;
  Result<chain::Verdict> rated(http::Exchange& exchange, const session::RateRule& rule,
                               const session::RateAnswer& answer) const;

  session::Keyrings& keyrings_;
  session::RateLimiter limiter_;
  const events::Emitter* events_;
  bool tells_rates_;
  std::optional<session::RateRule> rule_;
  EndpointTable<session::RateRule> endpoints_;
};

}  // namespace tykpp::middleware
