#include "middleware/access_rights.hpp"

#include "base/log.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::middleware {

Result<std::vector<std::unique_ptr<chain::Step>>> AccessRights::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (!build.api.use_keyless && SessionPlans::available(build)) {
    steps.push_back(std::make_unique<AccessRights>(build));
  }
  return steps;
}

Result<chain::Verdict> AccessRights::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const auto plan = plans_.of(exchange);
  if (!plan) return plan.error();
  if ((**plan)->granted()) return chain::Verdict::kContinue;
  TYKPP_LOG(info, "auth", "Attempted access to unauthorised API api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
}

}  // namespace tykpp::middleware
