#pragma once
// A digest of token, secret and time that clients send beside their token.

#include <memory>
#include <string_view>

#include "chain/step.hpp"
#include "definition/auth_rules.hpp"

namespace tykpp::middleware {

/// Thread: any.
class TokenSignatureCheck {
 public:
  explicit TokenSignatureCheck(definition::TokenSignature rules);
  /// Null when tokens come without.
  static std::shared_ptr<const TokenSignatureCheck> of(const definition::TokenAuth& rules);

  /// @param token  as the store knows it. @error  as the client is told
  Result<chain::Verdict> judged(const http::Exchange& exchange, std::string_view token) const;

 private:
  bool matches(std::string_view digest, std::string_view token) const;
  definition::TokenSignature rules_;
  definition::CredentialSource source_;
};

}  // namespace tykpp::middleware
