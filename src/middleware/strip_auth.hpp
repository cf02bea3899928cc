#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/auth_rules.hpp"

namespace tykpp::middleware {

/// Takes credentials off a request, so that the upstream does not see them. Thread: any worker.
/// Source: `strip_auth_data`, `auth_configs`.
class StripAuth final : public chain::Step {
 public:
  static constexpr std::string_view kName = "strip_auth";
  /// The step for protected APIs that ask for it.
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit StripAuth(std::vector<definition::StrippedCredential> credentials)
      : credentials_(std::move(credentials)) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::vector<definition::StrippedCredential> credentials_;
};

}  // namespace tykpp::middleware
