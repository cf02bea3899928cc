#pragma once
// Who vouches for the tokens of an API: one key in the definition, or sets of keys that issuers
// publish.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "definition/jwt_rules.hpp"
#include "jwt/key.hpp"
#include "jwt/token.hpp"
#include "net/task.hpp"

namespace tykpp::jwt {
class KeySets;
class KeySource;
}  // namespace tykpp::jwt
namespace tykpp::net {
class Loop;
}

namespace tykpp::middleware {

enum class Verification : std::uint8_t {
  kGood,
  kBad,
  kUnexpectedMethod,  ///< an algorithm that the definition does not allow
  kNeedsKeys,         ///< fetchKeys() may bring the key
};

/// The algorithm of a token when the definition allows it.
/// @param refused  gets why not: kBad or kUnexpectedMethod
std::optional<jwt::Algorithm> allowedAlgorithm(const jwt::Token& token,
                                               definition::JwtFamily family, Verification& refused);

/// A key of a family from the text of a definition or session. @error  it is none
Result<jwt::Key> keyFrom(const std::string& text, definition::JwtFamily family);

/// Thread: any.
class JwtVerifier {
 public:
  /// @param rules  outlive it. @param sets  may be null where rules name no URL
  JwtVerifier(const definition::JwtRules& rules, const std::string& api_id, jwt::KeySets* sets);

  /// @param last  nobody is asked for keys any more: kNeedsKeys becomes kBad
  Verification verify(const jwt::Token& token, bool last) const;
  /// Another number after each change of keys.
  std::uint64_t generation() const noexcept;
  /// Whether what was verified with the keys of now may be believed without asking for newer ones.
  bool fresh(Clock::time_point now) const;
  /// Asks for keys that are old or do not have the one of this name.
  net::Task<void> fetchKeys(net::Loop& loop, const std::optional<std::string>& kid) const;

 private:
  bool knows(std::string_view kid) const;
  definition::JwtFamily family_;
  std::optional<jwt::Key> key_;
  std::vector<std::shared_ptr<jwt::KeySource>> sources_;
};

}  // namespace tykpp::middleware
