#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "definition/error_messages.hpp"
#include "middleware/credential.hpp"

namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
class Keyrings;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Checks access tokens that the gateway gave out (RFC 6750): their session, and whether the client
/// they were given to still exists. 400 without one, 403 for one that is not good. Thread: any
/// worker. Source: `use_oauth2`, `auth_configs.oauth`.
class OAuthToken final : public chain::Step {
 public:
  static constexpr std::string_view kName = "oauth2";
  /// The step for APIs that ask for it. @error without a store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit OAuthToken(const chain::BuildContext& build);
  ~OAuthToken() override;
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  struct Clients;
  using Entry = std::shared_ptr<session::SessionEntry>;

  /// @error as the client is told
  Result<std::string_view> tokenOf(const http::Exchange& exchange) const;
  Error refused(http::Exchange& exchange, std::string_view token) const;
  /// What is left once it is known whether the token's client exists.
  Result<chain::Verdict> admitted(http::Exchange& exchange, std::string_view token,
                                  const Entry& entry, bool client_exists) const;

  CredentialReader credential_;
  bool becomes_identity_;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  const definition::ErrorMessages& messages_;      ///< the configuration's
  std::vector<std::unique_ptr<Clients>> clients_;  ///< by worker
};

}  // namespace tykpp::middleware
