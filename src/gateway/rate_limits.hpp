#pragma once
// `<listen path>tyk/rate-limits/`: the limits of a key, for whoever holds it.

#include <string_view>

#include "chain/chain.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

/// Whether a routed request asks for the page. Thread: any worker.
bool asksForRateLimits(const http::Exchange& exchange) noexcept;
/// The chain that answers it: the steps of an API's chain that find out who asks (addresses,
/// version, authentication, rights), and the answer. Nothing is counted. Thread: main.
/// @param build  has keyrings
chain::Chain rateLimitsChain(const chain::BuildContext& build, const chain::Chain& api);

/// The last step: answers with quota and rate at the root of the session. Thread: any worker.
class RateLimitsPage final : public chain::Step {
 public:
  static constexpr std::string_view kName = "rate_limits_page";
  explicit RateLimitsPage(session::Keyrings& keyrings) : keyrings_(keyrings) {}
  std::string_view name() const noexcept override { return kName; }
  /// @error 403 no session: the endpoint lists let everybody through
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  /// @error 500 the store does not tell what was counted
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  session::Keyrings& keyrings_;
};

}  // namespace tykpp::gateway
