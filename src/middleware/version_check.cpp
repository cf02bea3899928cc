#include "middleware/version_check.hpp"

#include "definition/api_spec.hpp"
#include "events/fire.hpp"

namespace tykpp::middleware {

Result<std::vector<std::unique_ptr<chain::Step>>> VersionCheck::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (build.api.expires_at) {
    steps.push_back(std::make_unique<VersionCheck>(*build.api.expires_at, build.events));
  }
  return steps;
}

Result<chain::Verdict> VersionCheck::onRequest(http::Exchange& exchange) const {
  if (unixSeconds() < expires_at_) return chain::Verdict::kContinue;
  const char* reason = "API has expired, please check documentation or contact administrator";
  events::fireVersionFailure(events_, exchange, reason);
  return Error(Errc::kForbidden, Side::kClient, 403, reason);
}

}  // namespace tykpp::middleware
