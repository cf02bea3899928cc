#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::middleware {

/// A choice between groups of authentication methods: the first group all of whose methods let the
/// request in lets it in. What a group that fails did to the request is undone, what it wanted to
/// answer is dropped, except for the error of the last group. Thread: any worker. Source:
/// `securityProcessingMode: compliant`, `security`
class AuthChoice final : public chain::Step {
 public:
  static constexpr std::string_view kName = "auth_choice";
  /// A method of a group.
  struct Method {
    std::string scheme;            ///< its name
    const chain::Step* step;       ///< null: the definition names a scheme that it does not set up
    bool changes_request = false;  ///< a plugin, which may do as it likes
  };
  using Group = std::vector<Method>;

  /// @param steps  that groups point to
  AuthChoice(std::vector<std::unique_ptr<chain::Step>> steps, std::vector<Group> groups);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override;

 private:
  static net::Task<Result<chain::Verdict>> attempt(const Group& group, http::Exchange& exchange);
  std::vector<std::unique_ptr<chain::Step>> steps_;
  std::vector<Group> groups_;
};

}  // namespace tykpp::middleware
