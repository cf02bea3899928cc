#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "middleware/credential.hpp"

namespace tykpp::definition {
struct AuthRules;
}
namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
class Keyring;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Basic authentication (RFC 7617): a user's session is found by the user's name, its password is
/// compared. Passwords of bcrypt that were right are remembered for a time, as digests. Thread: any
/// worker. Source: `use_basic_auth`, `basic_auth`, `auth_configs.basic`
class BasicAuth final : public chain::Step {
 public:
  static constexpr std::string_view kName = "basic_auth";
  /// The step for APIs that ask for it. @error without a store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit BasicAuth(const chain::BuildContext& build);
  ~BasicAuth() override;
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;
  http::BodyNeed requestBody() const noexcept override;

 private:
  struct User {
    std::string name;
    std::string password;
  };
  class Patterns;
  struct Memory;
  using Entry = std::shared_ptr<session::SessionEntry>;

  /// The user of the header, or else of the body. @error as the client is told
  Result<User> userOf(http::Exchange& exchange) const;
  Result<User> userInHeader(http::Exchange& exchange) const;
  Error challenge(http::Exchange& exchange, const char* text) const;
  Error refused(http::Exchange& exchange) const;
  Result<chain::Verdict> admitted(http::Exchange& exchange, const Entry& entry) const;
  /// Whether the password is right, where that is known at once; nothing: it takes long to know.
  std::optional<bool> quickly(const http::Exchange& exchange, const session::SessionEntry& entry,
                              const User& user) const;
  void remember(const http::Exchange& exchange, const session::SessionEntry& entry,
                const User& user) const;
  net::Task<Entry> sessionOf(session::Keyring& keyring, std::string_view org_id,
                             std::string_view name) const;

  std::shared_ptr<const definition::AuthRules> auth_;
  CredentialReader credential_;
  std::string realm_;  ///< the whole `WWW-Authenticate` value
  bool becomes_identity_;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  std::unique_ptr<Patterns> patterns_;             ///< null: bodies are not looked into
  std::vector<std::unique_ptr<Memory>> memories_;  ///< by worker
};

}  // namespace tykpp::middleware
