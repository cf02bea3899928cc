#pragma once
// Functions of shared objects that only requests to some endpoints of an API pass.

#include <memory>
#include <vector>

#include "hooks/endpoint_hooks.hpp"

namespace tykpp::hooks {

/// The first endpoint whose method and path match has its function called, as at a post hook.
/// Thread: any worker. Source: `extended_paths.go_plugin[]`.
class EndpointPluginStep final : public EndpointHooks {
 public:
  /// @error  an endpoint's path cannot be compiled, or its function not loaded (see
  /// HookRunner::create)
  static Result<std::unique_ptr<EndpointPluginStep>> create(const chain::BuildContext& build);

  std::string_view name() const noexcept override { return "endpoint_plugin"; }
  /// What the most demanding function needs: which endpoint it is, is not known so early.
  http::BodyNeed requestBody() const noexcept override { return body_need_; }

 private:
  http::BodyNeed body_need_ = http::BodyNeed::kStream;
};

/// The step when the API has plugins of endpoints, else nothing.
Result<std::vector<std::unique_ptr<chain::Step>>> createEndpointPlugins(
    const chain::BuildContext& build);

}  // namespace tykpp::hooks
