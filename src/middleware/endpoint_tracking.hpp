#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/endpoint_pattern.hpp"

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
  struct Endpoint {
    std::string method;
    std::string path;
    definition::EndpointPattern pattern;
  };
  static Result<std::vector<Endpoint>> compile(const std::vector<definition::EndpointPlace>& places,
                                               const definition::LimitRules& rules);
  static const Endpoint* find(const std::vector<Endpoint>& endpoints,
                              const http::Exchange& exchange);

  std::vector<Endpoint> tracked_;
  std::vector<Endpoint> untracked_;
};

}  // namespace tykpp::middleware
