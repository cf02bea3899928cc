#pragma once
// The sessions behind tokens of a central issuer: one for each user, made from the policies that
// the token names, kept in the store like any key's, changed when a token names others.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "middleware/jwt_claims.hpp"
#include "net/task.hpp"
#include "session/session_data.hpp"

namespace tykpp::definition {
struct AuthRules;
struct GatewayConfig;
}  // namespace tykpp::definition
namespace tykpp::session {
class Keyring;
class PolicySet;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Thread: any worker. What it is made from must outlive it.
class JwtSessions {
 public:
  using Entry = std::shared_ptr<session::SessionEntry>;

  JwtSessions(std::shared_ptr<const definition::AuthRules> auth, std::string org_id,
              const definition::GatewayConfig& config);

  /// The key of a user's session.
  std::string tokenFor(std::string_view identity) const;
  /// Whether a session is what the token asks for, so that find() would only find it. Does not
  /// allocate.
  bool settled(const session::SessionEntry& entry, const TokenFacts& facts,
               const session::PolicySet& policies) const;
  /// The session of a token's user: found, changed or made. A change is in the store when this
  /// ends, unless the store is down. @error  as the client is told
  net::Task<Result<Entry>> find(session::Keyring& keyring, const TokenFacts& facts) const;

 private:
  using Names = std::vector<std::string>;
  /// What a token asks for.
  struct Wanted {
    std::string base;         ///< the policy that comes first; empty: none
    bool by_default = false;  ///< base is of `jwt_default_policies`
  };
  Wanted wantedBy(const TokenFacts& facts, std::string base) const;
  /// The policies of a session that had these. @error
  Result<Names> policiesFor(const Names& had, const Wanted& wanted, const TokenFacts& facts,
                            const session::PolicySet& policies) const;
  bool sameDefaults(const Names& had) const;
  Result<Names> scoped(const Wanted& wanted, const TokenFacts& facts) const;
  Result<session::SessionData> made(const TokenFacts& facts, const Wanted& wanted,
                                    const session::PolicySet& policies) const;
  Result<std::optional<session::SessionData>> changed(const session::SessionEntry& entry,
                                                      const TokenFacts& facts, const Wanted& wanted,
                                                      const session::PolicySet& policies) const;
  Result<void> apply(session::SessionData& data, Names names, const session::PolicySet& policies,
                     const char* refusal) const;
  net::Task<Entry> stored(session::Keyring& keyring, const TokenFacts& facts,
                          session::SessionData data) const;

  std::shared_ptr<const definition::AuthRules> auth_;
  const definition::JwtRules& rules_;
  std::string org_id_;
  const definition::GatewayConfig& config_;
};

}  // namespace tykpp::middleware
