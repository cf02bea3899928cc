#pragma once
// What the claims of a token say, under the rules of an API. Pure functions: no store, no keys.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/jwt_rules.hpp"
#include "jwt/token.hpp"

namespace tykpp::middleware {

/// `exp`, `iat` or `nbf`.
struct TimeClaim {
  enum class State : std::uint8_t { kAbsent, kSet, kWrong };
  State state = State::kAbsent;  ///< kWrong: no number; such a claim never holds
  std::int64_t seconds = 0;      ///< unix seconds, with kSet
};

/// A header field of a token or one of its claims, as a variable of the context shows it.
struct ShownClaim {
  std::string name;
  std::string text;
  bool is_text = true;  ///< no number, no list
};

/// All that requests with one token need to know of it again and again.
struct TokenFacts {
  TimeClaim expires_at;
  TimeClaim issued_at;
  TimeClaim not_before;
  /// The first check of the OAS document that fails, as the client is told; empty: none.
  std::string refusal;
  std::string identity;  ///< of the user; empty: see identity_problem
  std::string identity_problem;
  std::string session_token;                ///< the key of the user's session
  std::string base_policy;                  ///< from a claim; empty: none
  std::string client;                       ///< of `jwt_client_base_field`; empty: none
  bool has_scopes = false;                  ///< scopes are mapped, and the token has some
  std::vector<std::string> scope_policies;  ///< that they map to, each once, sorted
  std::string oauth_client_id;
  std::uint64_t generation = 0;   ///< of the keys that verified it
  std::vector<ShownClaim> shown;  ///< JwtRules::context_claims: the header's, then the claims
};

/// Reads facts. Checks no time and no signature. `session_token` and `generation` stay empty.
TokenFacts factsOf(const jwt::Token& token, const definition::JwtRules& rules);

/// What is wrong with the times; nothing when they hold. The last that fails counts, as in the
/// reference. @param now  unix seconds
std::optional<Error> timeProblem(const TokenFacts& facts, const definition::JwtRules& rules,
                                 std::int64_t now);

/// The user that a token names. @error  as the client is told
Result<std::string> identityOf(const nlohmann::json& claims, const definition::JwtRules& rules);

/// The name of the key that a token of an API without a source belongs to: `kid`, or the identity.
/// @error as identityOf()
Result<std::string> keyNameOf(const jwt::Token& token, const definition::JwtRules& rules);

}  // namespace tykpp::middleware
