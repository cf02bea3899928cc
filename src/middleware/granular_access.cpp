#include "middleware/granular_access.hpp"

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {

Result<std::vector<std::unique_ptr<chain::Step>>> GranularAccess::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (!build.api.use_keyless && SessionPlans::available(build)) {
    steps.push_back(std::make_unique<GranularAccess>(build));
  }
  return steps;
}

Result<chain::Verdict> GranularAccess::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const auto plan = plans_.of(exchange);
  if (!plan) return plan.error();
  const http::Request& request = exchange.request();
  if ((**plan)->allows(request.method, http::endpointPath(exchange).path, request.path)) {
    return chain::Verdict::kContinue;
  }
  TYKPP_LOG(info, "auth", "Attempted access to unauthorised endpoint api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this resource has been disallowed");
}

}  // namespace tykpp::middleware
