#pragma once
// The steps of one API, built once and run for every request. The runner owns the loop; steps never
// call each other.

#include <memory>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::chain {

/// Steps in the order in which they run.
template <class StepType>
struct StepList {
  std::vector<std::shared_ptr<StepType>> steps;
  std::vector<std::size_t> lines;  ///< which line of its table each step came from
};

/// Immutable after building; shared by the workers.
class Chain {
 public:
  /// Runs the order tables over an API.
  /// @param api  of a version: the chain of its API, made from the same tables; steps that versions
  /// share come from it. Null: not of a version
  /// @error the first step that cannot be built; where() is its place in the definition
  static Result<Chain> build(const BuildContext& context,
                             const std::vector<StepEntry>& request_order,
                             const std::vector<ResponseStepEntry>& response_order,
                             const Chain* api = nullptr);

  /// The request steps of a chain that came from some lines of its table, in the same order.
  /// @param wanted  gets a line's name
  /// @param last    stands behind them
  static Chain selected(const Chain& from, const std::vector<StepEntry>& request_order,
                        bool (*wanted)(std::string_view line), std::shared_ptr<Step> last);

  const std::vector<std::shared_ptr<Step>>& request() const noexcept { return request_.steps; }
  const std::vector<std::shared_ptr<ResponseStep>>& response() const noexcept {
    return response_.steps;
  }
  /// Whether any step has to see the request's (the answer's) body.
  http::BodyNeed requestBody() const noexcept { return request_body_; }
  http::BodyNeed responseBody() const noexcept { return response_body_; }

  /// Runs request steps from `next` on, as far as they do not wait. `next` is then behind the last
  /// one that ran; after kSuspend, await `request()[next - 1]->finish(exchange)` and call again.
  Result<Verdict> runRequest(http::Exchange& exchange, std::size_t& next) const;
  /// The same for response steps; kRespond: a step replaced the answer, the steps behind it are
  /// skipped.
  Result<Verdict> runResponse(http::Exchange& exchange, std::size_t& next) const;

 private:
  StepList<Step> request_;
  StepList<ResponseStep> response_;
  http::BodyNeed request_body_ = http::BodyNeed::kStream;
  http::BodyNeed response_body_ = http::BodyNeed::kStream;
};

}  // namespace tykpp::chain
