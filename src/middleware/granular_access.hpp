#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "middleware/session_plan.hpp"

namespace tykpp::middleware {

/// Answers 403 when the session may only call some paths of the API and the request's is not among
/// them. Requests on the ignore list pass. Thread: any worker. Source: the session's
/// `access_rights[…].allowed_urls`.
class GranularAccess final : public chain::Step {
 public:
  static constexpr std::string_view kName = "granular_access";
  /// @return nothing for keyless APIs
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit GranularAccess(const chain::BuildContext& build) : plans_(build) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  SessionPlans plans_;
};

}  // namespace tykpp::middleware
