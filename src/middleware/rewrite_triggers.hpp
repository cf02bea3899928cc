#pragma once
// Triggers of a URL rewrite: conditions on the request that choose another result.

#include <optional>
#include <string>
#include <vector>

#include "definition/transform_rules.hpp"
#include "http/exchange.hpp"
#include "middleware/rewrite_pattern.hpp"

namespace tykpp::middleware {

/// One trigger, compiled. Thread: any.
class RewriteTriggerCheck {
 public:
  /// @param number  its place among the triggers of its rule, part of the names of what it matched
  RewriteTriggerCheck(const definition::RewriteTrigger& trigger, std::size_t number);

  /// Whether it fires. What matched becomes variables `trigger-<n>-…` of the exchange's context,
  /// also when it does not fire.
  bool fires(http::Exchange& exchange) const;
  const definition::VariableText& rewriteTo() const noexcept { return rewrite_to_; }
  /// Whether it looks at the body.
  bool needsBody() const noexcept;

 private:
  struct Match {
    std::string name;
    definition::ContextName context;        ///< of kContext
    std::optional<RewritePattern> pattern;  ///< none: it never matches
    bool reverse;
  };
  struct Option {
    definition::TriggerInput input;
    std::vector<Match> matches;
  };
  class Run;

  bool any_;
  std::string prefix_;  ///< `trigger-<n>-`
  std::vector<Option> options_;
  definition::VariableText rewrite_to_;
};

}  // namespace tykpp::middleware
