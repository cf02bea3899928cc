#include "middleware/session_check.hpp"

#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "events/fire.hpp"
#include "middleware/refusal.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {}  // namespace

Result<chain::Verdict> SessionCheck::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const session::SessionState* session = exchange.session.get();
  if (session == nullptr) {
    return refused(400,
                   "Session state is missing or unset! Please make sure that auth headers are "
                   "properly applied");
  }
  if (session->inactive()) {
    events::fireKeyExpired(events_, exchange, session->token(), events::KeyProblem::kInactive);
    return refused(403, "Key is inactive, please renew");
  }
  if (session->expires() >= 1 && session->expiredAt(unixSeconds())) {
    events::fireKeyExpired(events_, exchange, session->token(), events::KeyProblem::kExpired);
    return refused(401, "Key has expired, please renew");
  }
  return chain::Verdict::kContinue;
}

Result<std::vector<std::unique_ptr<chain::Step>>> createSessionCheck(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::ApiSpec& api = build.api;
  if (!api.use_keyless) steps.push_back(std::make_unique<SessionCheck>(build.events));
  return steps;
}

}  // namespace tykpp::middleware
