#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "middleware/endpoint_table.hpp"

namespace tykpp::definition {
struct EndpointPlace;
struct LimitRules;
}  // namespace tykpp::definition

namespace tykpp::middleware {

/// Notes under which path a request is recorded, and whether it is. Thread: any worker. Source:
/// `extended_paths.track_endpoints`, `extended_paths.do_not_track_endpoints`.
class EndpointTracking final : public chain::Step {
 public:
  static constexpr std::string_view kName = "endpoint_tracking";
  /// @return nothing without such endpoints, and where nothing is recorded
  /// @error an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  /// The rules' own paths.
  static Result<EndpointTable<std::string>> compile(
      const std::vector<definition::EndpointPlace>& places, const definition::LimitRules& rules);

  EndpointTable<std::string> tracked_;
  EndpointTable<std::string> untracked_;
};

}  // namespace tykpp::middleware
