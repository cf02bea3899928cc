#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "chain/step.hpp"
#include "middleware/endpoint_lists.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Refuses an API whose time is over and endpoints that are closed, marks those that nobody needs a
/// key for, and answers those that the definition has an answer for. Thread: any worker. Source:
/// `expiration`, `versions.*.expires` (a date that cannot be parsed counts as over),
/// `extended_paths.ignored`,
/// `.white_list`, `.black_list`, `.mock_response`, `.internal`, and `paths`.
class VersionCheck final : public chain::Step {
 public:
  static constexpr std::string_view kName = "version_check";
  /// What create() found in a definition.
  struct Rules {
    std::optional<std::int64_t> expires_at;  ///< unix seconds
    bool of_version = false;                 ///< that is the end of a version, not of the API
    EndpointLists lists;
    bool preflights_pass = false;  ///< another step answers them
  };
  /// @return nothing when the API never expires and has no lists
  /// @error an endpoint's path cannot be compiled
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  /// @param events  gets VersionFailure; null: nobody handles it
  explicit VersionCheck(Rules rules, const events::Emitter* events = nullptr)
      : rules_(std::move(rules)), events_(events) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  Error refused(const http::Exchange& exchange, const char* reason) const;
  Rules rules_;
  const events::Emitter* events_;
};

}  // namespace tykpp::middleware
