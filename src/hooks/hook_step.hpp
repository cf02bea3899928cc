#pragma once
// The plugin hooks as steps of a chain. What enters is an exchange; what leaves is the same
// exchange as the plugin left it, or the plugin's answer. A hook that answers at once costs no
// coroutine frame and no allocation here.

#include <memory>
#include <vector>

#include "chain/step.hpp"
#include "hooks/hook_runner.hpp"

namespace tykpp::hooks {

/// pre, auth, post_auth or post. A plugin's answer ends the request chain; response hooks do not
/// run for it.
class HookStep final : public chain::Step {
 public:
  explicit HookStep(std::unique_ptr<HookRunner> runner) : runner_(std::move(runner)) {}
  std::string_view name() const noexcept override { return runner_->name(); }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override { return runner_->bodyNeed(); }
  const HookRunner& runner() const noexcept { return *runner_; }

 private:
  std::unique_ptr<HookRunner> runner_;
};

/// response. Answers kRespond when the plugin replaced the upstream's answer: the response steps
/// behind it are skipped, and what is left of the upstream's body is dropped.
class ResponseHookStep final : public chain::ResponseStep {
 public:
  explicit ResponseHookStep(std::unique_ptr<HookRunner> runner) : runner_(std::move(runner)) {}
  std::string_view name() const noexcept override { return runner_->name(); }
  Result<chain::Verdict> onResponse(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  http::BodyNeed responseBody() const noexcept override { return runner_->bodyNeed(); }
  const HookRunner& runner() const noexcept { return *runner_; }

 private:
  std::unique_ptr<HookRunner> runner_;
};

/// analytics: sees and edits a record before it is stored. A failure leaves the record as it is.
class AnalyticsHook {
 public:
  explicit AnalyticsHook(std::unique_ptr<HookRunner> runner) : runner_(std::move(runner)) {}
  /// kContinue or kDrop, or kPending: finish() has to be awaited then. Thread: the exchange's
  /// worker.
  drivers::HookVerdict onRecord(http::Exchange& exchange, drivers::TrafficRecord& record) const;
  /// Awaited after kPending; kContinue or kDrop. The record must live until it ends.
  net::Task<drivers::HookVerdict> finish(http::Exchange& exchange,
                                         drivers::TrafficRecord& record) const;
  const HookRunner& runner() const noexcept { return *runner_; }

 private:
  std::unique_ptr<HookRunner> runner_;
};

using Steps = std::vector<std::unique_ptr<chain::Step>>;
using ResponseSteps = std::vector<std::unique_ptr<chain::ResponseStep>>;

// Factories for the order table; `build.drivers` must be set. Each answers nothing when the API
// asks for nothing.
// @error  the hook's JSON pointer and what is wrong: driver not built, file, function, place.

/// `custom_middleware.pre[]`
Result<Steps> createPreHooks(const chain::BuildContext& build);
/// `custom_middleware.auth_check`, when a custom-auth switch is on and the API is not keyless.
/// @error kBadDefinition  the switch is on but no function is named: such an API must not serve
/// unprotected
Result<Steps> createAuthHook(const chain::BuildContext& build);
/// `custom_middleware.post_key_auth[]`; never on keyless APIs.
Result<Steps> createPostAuthHooks(const chain::BuildContext& build);
/// `custom_middleware.post[]`
Result<Steps> createPostHooks(const chain::BuildContext& build);
/// `custom_middleware.response[]`
Result<ResponseSteps> createResponseHooks(const chain::BuildContext& build);
/// `analytics_plugin`; null when there is none.
Result<std::unique_ptr<AnalyticsHook>> createAnalyticsHook(const chain::BuildContext& build);

}  // namespace tykpp::hooks
