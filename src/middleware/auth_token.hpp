#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "definition/auth_rules.hpp"
#include "definition/error_messages.hpp"
#include "middleware/certificate_key.hpp"

namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
class SessionEntry;
}

namespace tykpp::middleware {

class TokenSignatureCheck;

/// Looks a client's token up in the store. 401 without a token, 403 for one that nobody knows; a
/// store that does not answer knows nobody. With `use_certificate`, on TLS, the client's
/// certificate is the token. Thread: any worker. Source: `use_standard_auth`,
/// `auth_configs.authToken`.
class AuthToken final : public chain::Step {
 public:
  static constexpr std::string_view kName = "auth_token";
  /// The step for APIs that ask for it or for nothing else. @error without a store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit AuthToken(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  std::string_view tokenOf(const http::Exchange& exchange) const;
  /// Whether the certificate says who the client is. With `use_certificate_`, on TLS. @error 401 or
  /// 403: it has to, and does not
  Result<bool> byCertificate(const http::Exchange& exchange) const;
  Error rejected(http::Exchange& exchange, std::string_view token, definition::ErrorId id) const;
  Result<chain::Verdict> admitted(http::Exchange& exchange, std::string_view token,
                                  const std::shared_ptr<session::SessionEntry>& entry) const;

  definition::CredentialSource source_;
  http::HeaderId header_;  ///< of the source, so that well-known names are compared by number
  bool header_only_;       ///< neither query nor cookie
  bool becomes_identity_;
  bool use_certificate_;
  bool certificate_optional_;   ///< `security.allow_unsafe_dynamic_mtls_token`
  bool bound_to_certificates_;  ///< sessions may name the certificates they go with
  CertificateKey certificate_key_;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  const definition::ErrorMessages& messages_;  ///< the configuration's
  /// Null: tokens come without a signature.
  std::shared_ptr<const TokenSignatureCheck> signature_;
};

}  // namespace tykpp::middleware
