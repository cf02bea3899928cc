#pragma once
#include <memory>
#include <string>

#include "hooks/hook_step.hpp"

namespace tykpp::session {
class Keyring;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::hooks {

class IdExtractor;

/// An authentication plugin behind an id extractor: a client whose session the plugin made before
/// is let in without it, as long as that session says (`id_extractor_deadline`). Leaves the session
/// to middleware::PluginSession: a known one as `session_entry` alone, the plugin's under the
/// extracted key. Thread: any worker. Source: `custom_middleware.id_extractor`.
class AuthHookStep final : public chain::Step {
 public:
  AuthHookStep(std::unique_ptr<HookStep> hook, std::unique_ptr<IdExtractor> extractor,
               const chain::BuildContext& build);
  ~AuthHookStep() override;
  std::string_view name() const noexcept override { return hook_->name(); }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override;
  const HookRunner& runner() const noexcept { return hook_->runner(); }

 private:
  /// The token under which the session of this client is kept. @error what the client is told
  Result<std::string> keyOf(const http::Exchange& exchange) const;
  std::unique_ptr<HookStep> hook_;
  std::unique_ptr<IdExtractor> extractor_;
  session::Keyrings& keyrings_;
  std::string org_id_;
};

}  // namespace tykpp::hooks
