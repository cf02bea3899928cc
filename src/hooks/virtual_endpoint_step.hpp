#pragma once
// Virtual endpoints: paths of an API that a JavaScript function answers in place of the upstream.

#include <memory>
#include <vector>

#include "chain/step.hpp"
#include "definition/api_spec.hpp"
#include "definition/endpoint_pattern.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers {
class VirtualEndpointDriver;
}

namespace tykpp::hooks {

/// The first endpoint whose method and path match answers; without one the request goes on. Thread:
/// any worker. Source: `extended_paths.virtual[]`.
class VirtualEndpointStep final : public chain::Step {
 public:
  /// @error  an endpoint's path cannot be compiled, or its function not loaded and `build` does not
  /// let broken plugins refuse
  static Result<std::unique_ptr<VirtualEndpointStep>> create(
      const chain::BuildContext& build, drivers::VirtualEndpointDriver& driver);
  ~VirtualEndpointStep() override;

  std::string_view name() const noexcept override { return "virtual_endpoint"; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  /// Functions see the body.
  http::BodyNeed requestBody() const noexcept override { return http::BodyNeed::kBuffer; }

 private:
  struct Endpoint;
  struct Slot;
  VirtualEndpointStep(const chain::BuildContext& build, drivers::VirtualEndpointDriver& driver);
  const Endpoint* find(const http::Exchange& exchange) const;
  drivers::HookCall callOf(http::Exchange& exchange) const;
  Result<chain::Verdict> settle(const Endpoint& endpoint, http::Exchange& exchange,
                                const Result<drivers::HookVerdict>& verdict) const;

  drivers::VirtualEndpointDriver& driver_;
  std::chrono::milliseconds timeout_;
  std::vector<Endpoint> endpoints_;
  std::uint32_t workers_;
  std::unique_ptr<Slot[]> slots_;  // one a worker
};

/// The step when the API has virtual endpoints and JavaScript is on, else nothing.
Result<std::vector<std::unique_ptr<chain::Step>>> createVirtualEndpoints(
    const chain::BuildContext& build);

}  // namespace tykpp::hooks
