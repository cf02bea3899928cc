#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "jwt/token_cache.hpp"
#include "middleware/credential.hpp"
#include "middleware/jwt_sessions.hpp"
#include "middleware/jwt_verifier.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// JSON Web Tokens: verifies a client's token and finds, or makes, the session of its user. Tokens
/// that were verified are remembered for as long as the keys stay the same; times and sessions are
/// looked at each time. Thread: any worker. Source: `enable_jwt`, `jwt_…`, `auth_configs.jwt`
class JwtAuth final : public chain::Step {
 public:
  static constexpr std::string_view kName = "jwt";
  /// The step for APIs that ask for it. @error without a store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit JwtAuth(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  using Facts = std::shared_ptr<const TokenFacts>;
  /// What a worker remembers.
  struct Memory {
    jwt::Digester digester;
    jwt::TokenCache<TokenFacts> tokens;
  };
  std::string_view tokenOf(const http::Exchange& exchange) const;
  const Facts* known(const http::Exchange& exchange, std::string_view text) const;
  Facts remember(const http::Exchange& exchange, const jwt::Token& token,
                 std::string_view text) const;
  Result<chain::Verdict> missing(const http::Exchange& exchange) const;
  Error refused(const http::Exchange& exchange, Verification outcome) const;
  /// What is wrong with a token whose signature is right.
  Result<void> judge(const http::Exchange& exchange, const TokenFacts& facts) const;
  Result<chain::Verdict> admitted(http::Exchange& exchange,
                                  const std::shared_ptr<session::SessionEntry>& entry,
                                  const TokenFacts& facts) const;
  net::Task<Result<Facts>> verified(http::Exchange& exchange, std::string_view text) const;
  net::Task<Result<chain::Verdict>> oneToOne(http::Exchange& exchange, std::string_view text) const;

  std::shared_ptr<const definition::AuthRules> auth_;
  const definition::JwtRules& rules_;
  CredentialReader credential_;
  bool becomes_identity_;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  JwtVerifier verifier_;
  JwtSessions sessions_;
  std::vector<std::unique_ptr<Memory>> memories_;  ///< by worker
};

}  // namespace tykpp::middleware
