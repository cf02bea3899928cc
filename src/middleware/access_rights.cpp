#include "middleware/access_rights.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {

Result<std::vector<std::unique_ptr<chain::Step>>> AccessRights::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (!build.api.use_keyless && SessionPlans::available(build)) {
    steps.push_back(std::make_unique<AccessRights>(build));
  }
  return steps;
}

AccessRights::AccessRights(const chain::BuildContext& build)
    : plans_(build), version_(build.api.version_name) {}

/// A session without rights opens every version.
bool AccessRights::opensVersion(const http::Exchange& exchange) const {
  const auto& rights = exchange.session->data().access_rights;
  const auto right = rights.find(exchange.api->api_id);
  if (right == rights.end()) return rights.empty();
  const std::vector<std::string>& names = right->second.versions;
  return std::find(names.begin(), names.end(), version_) != names.end();
}

Result<chain::Verdict> AccessRights::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const auto plan = plans_.of(exchange);
  if (!plan) return plan.error();
  const bool granted = (**plan)->granted();
  if (granted && (version_.empty() || opensVersion(exchange))) return chain::Verdict::kContinue;
  TYKPP_LOG(info, "auth", "Attempted access to unauthorised API{} api_id={} request_id={}",
            granted ? " version" : "", log::quoted(exchange.api->api_id), exchange.requestId());
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
}

}  // namespace tykpp::middleware
