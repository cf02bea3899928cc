#pragma once
// Virtual endpoints: paths of an API that a JavaScript function answers in place of the upstream.

#include <memory>
#include <vector>

#include "definition/api_spec.hpp"
#include "hooks/endpoint_hooks.hpp"

namespace tykpp::drivers {
class VirtualEndpointDriver;
}

namespace tykpp::hooks {

/// The first endpoint whose method and path match answers; without one the request goes on, as it
/// does when the function fails and the endpoint has `proxy_on_error`. Thread: any worker. Source:
/// `extended_paths.virtual[]`.
class VirtualEndpointStep final : public EndpointHooks {
 public:
  /// @error  an endpoint's path cannot be compiled, or its function not loaded (see
  /// HookRunner::create)
  static Result<std::unique_ptr<VirtualEndpointStep>> create(
      const chain::BuildContext& build, drivers::VirtualEndpointDriver& driver);

  std::string_view name() const noexcept override { return "virtual_endpoint"; }
  /// Functions see the body.
  http::BodyNeed requestBody() const noexcept override { return http::BodyNeed::kBuffer; }
};

/// The step when the API has virtual endpoints and JavaScript is on, else nothing.
Result<std::vector<std::unique_ptr<chain::Step>>> createVirtualEndpoints(
    const chain::BuildContext& build);

}  // namespace tykpp::hooks
