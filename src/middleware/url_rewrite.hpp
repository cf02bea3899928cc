#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/transform_rules.hpp"
#include "middleware/endpoint_table.hpp"
#include "middleware/rewrite_triggers.hpp"

namespace tykpp::middleware {

/// Sends requests to an endpoint upstream with another URL: the first rule for the endpoint whose
/// pattern is found in path and query replaces all of them. Carried out when the chain has ended.
/// Thread: any worker. Source: `extended_paths.url_rewrites`.
class UrlRewrite final : public chain::Step {
 public:
  static constexpr std::string_view kName = "url_rewrite";
  /// @error  an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override {
    return needs_body_ ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
  }

 private:
  struct Rule {
    explicit Rule(const definition::RewriteRule& rule);
    std::string text;                       ///< of the pattern
    std::optional<RewritePattern> pattern;  ///< none: it cannot be read
    definition::VariableText rewrite_to;
    std::vector<RewriteTriggerCheck> triggers;
  };
  static const definition::VariableText& resultOf(const Rule& rule, http::Exchange& exchange);
  static Result<void> redirect(http::Exchange& exchange, std::string_view url,
                               std::string_view own_authority);
  EndpointTable<Rule> rules_;
  bool needs_body_ = false;
};

}  // namespace tykpp::middleware
