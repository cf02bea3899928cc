#pragma once
#include <memory>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::middleware {

/// Remembers what a request is like when it gets here, for variables in texts of the definition.
/// Costs a copy of the list of header fields, and the whole body where a variable asks for
/// parameters of forms. Thread: any worker. Source: `enable_context_vars`.
class ContextVariables final : public chain::Step {
 public:
  static constexpr std::string_view kName = "context_variables";
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  /// @param xff_depth  `http_server_options.xff_depth`
  ContextVariables(int xff_depth, bool needs_form)
      : xff_depth_(xff_depth), needs_form_(needs_form) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override {
    return needs_form_ ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
  }

 private:
  int xff_depth_;
  bool needs_form_;
};

}  // namespace tykpp::middleware
