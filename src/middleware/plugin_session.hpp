#pragma once
#include <memory>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
class Keyring;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Stands behind hooks: a session that a plugin made or changed gets its policies, the quota of the
/// one in the store, and is stored under its token. One that the last requests brought already is
/// known again by its JSON, so a plugin that says the same at each request costs no round trip. A
/// store that does not answer does not stop a request that a plugin let in. Thread: any worker.
class PluginSession final : public chain::Step {
 public:
  static constexpr std::string_view kName = "plugin_session";
  /// Behind the hook that authenticates.
  static Result<std::vector<std::unique_ptr<chain::Step>>> createAfterAuth(
      const chain::BuildContext& build);
  /// Behind hooks that may change a session.
  static Result<std::vector<std::unique_ptr<chain::Step>>> createAfterPostAuth(
      const chain::BuildContext& build);
  static Result<std::vector<std::unique_ptr<chain::Step>>> createAfterPost(
      const chain::BuildContext& build);

  explicit PluginSession(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  Result<chain::Verdict> become(http::Exchange& exchange,
                                const std::shared_ptr<session::SessionEntry>& entry) const;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  bool applies_policies_;  ///< JavaScript's sessions are taken as they are
  bool forbids_;           ///< 403 when policies cannot be applied, else 500
};

}  // namespace tykpp::middleware
