#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "middleware/session_plan.hpp"

namespace tykpp::middleware {

/// Answers 403 when the session has rights and none to this API. Requests on the ignore list pass.
/// Thread: any worker. Source: the session's `access_rights`.
class AccessRights final : public chain::Step {
 public:
  static constexpr std::string_view kName = "access_rights";
  /// @return nothing for keyless APIs
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit AccessRights(const chain::BuildContext& build) : plans_(build) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  SessionPlans plans_;
};

}  // namespace tykpp::middleware
