#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "middleware/endpoint_table.hpp"

namespace tykpp::middleware {

/// Sends requests to an endpoint upstream with another method. Thread: any worker. Source:
/// `extended_paths.method_transforms`.
class MethodTransform final : public chain::Step {
 public:
  static constexpr std::string_view kName = "method_transform";
  /// @error  an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  EndpointTable<std::string> methods_;  ///< empty: one that is not allowed
};

}  // namespace tykpp::middleware
