#pragma once
#include <memory>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Refuses an API whose time is over: 403 with the reference's text. Thread: any worker.
/// Source: `expiration`; a date that cannot be parsed counts as over.
class VersionCheck final : public chain::Step {
 public:
  static constexpr std::string_view kName = "version_check";
  /// @return nothing when the API never expires
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  /// @param events  gets VersionFailure; null: nobody handles it
  explicit VersionCheck(std::int64_t expires_at, const events::Emitter* events = nullptr)
      : expires_at_(expires_at), events_(events) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::int64_t expires_at_;  // unix seconds
  const events::Emitter* events_;
};

}  // namespace tykpp::middleware
