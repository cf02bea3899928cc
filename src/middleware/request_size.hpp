#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "middleware/endpoint_table.hpp"

namespace tykpp::middleware {

/// Refuses bodies that are longer than the API, then the endpoint, takes: 400, and 411 where the
/// length is not told. Methods without a body pass. Thread: any worker. Source:
/// `global_size_limit`, `extended_paths.size_limits`.
class RequestSize final : public chain::Step {
 public:
  static constexpr std::string_view kName = "request_size";
  /// @return nothing without limits @error an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  /// @param limit  bytes; nought: none
  explicit RequestSize(std::int64_t limit) noexcept : limit_(limit) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::int64_t limit_;
  EndpointTable<std::int64_t> endpoints_;
};

}  // namespace tykpp::middleware
