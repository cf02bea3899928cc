#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "middleware/session_plan.hpp"

namespace tykpp::middleware {

/// Answers 403 when the session has rights and none to this API, or to this version of it where it
/// has several. Requests on the ignore list pass. Thread: any worker. Source: the session's
/// `access_rights`.
class AccessRights final : public chain::Step {
 public:
  static constexpr std::string_view kName = "access_rights";
  /// @return nothing for keyless APIs
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit AccessRights(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  bool opensVersion(const http::Exchange& exchange) const;

  SessionPlans plans_;
  std::string version_;  // its name; empty: the API has no versions
};

}  // namespace tykpp::middleware
