#pragma once
// A digest of token, secret and time that clients send beside their token.

#include <string_view>

#include "base/error.hpp"
#include "definition/auth_rules.hpp"
#include "http/exchange.hpp"

namespace tykpp::middleware {

/// Thread: any.
class TokenSignatureCheck {
 public:
  explicit TokenSignatureCheck(definition::TokenSignature rules);

  /// @param token  as the store knows it. @error  as the client is told
  Result<void> check(const http::Exchange& exchange, std::string_view org_id,
                     std::string_view token) const;

 private:
  bool matches(std::string_view digest, std::string_view token) const;
  definition::TokenSignature rules_;
  definition::CredentialSource source_;
};

}  // namespace tykpp::middleware
