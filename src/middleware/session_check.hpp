#pragma once
// What stands behind authentication: the request must have a session, and its key must be
// in force.

#include <memory>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Answers 400 without a session, 403 for an inactive key, 401 for an expired one. Requests on the
/// ignore list pass. Thread: any worker. Source: the session's `is_inactive` and `expires`.
class SessionCheck final : public chain::Step {
 public:
  /// @param events  gets KeyExpired; null: nobody handles it
  explicit SessionCheck(const events::Emitter* events = nullptr) : events_(events) {}
  static constexpr std::string_view kName = "session_check";
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  const events::Emitter* events_;
};

/// The step for every API that is not keyless. Its place is behind the
/// post-auth hooks.
Result<std::vector<std::unique_ptr<chain::Step>>> createSessionCheck(
    const chain::BuildContext& build);

}  // namespace tykpp::middleware
