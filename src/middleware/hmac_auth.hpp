#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"
#include "middleware/credential.hpp"
#include "middleware/http_signature.hpp"
#include "middleware/key_certificates.hpp"

namespace tykpp::definition {
struct AuthRules;
}
namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
struct SessionData;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Requests signed with a secret of the client's key, or with the private half of the certificate
/// that its key names. Everything that is wrong with one is 400 with one text; a certificate that
/// is not there, or not RSA, is 500. Thread: any worker. Source: `enable_signature_checking`,
/// `hmac_allowed_…`, `auth_configs.hmac`
class HmacAuth final : public chain::Step {
 public:
  static constexpr std::string_view kName = "hmac";
  /// The step for APIs that ask for it. @error without a store
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit HmacAuth(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override;

 private:
  using Entry = std::shared_ptr<session::SessionEntry>;
  Error refused(const http::Exchange& exchange, const char* why) const;
  /// The signature of a request when the API allows its algorithm.
  Result<HttpSignature> signatureOf(const http::Exchange& exchange) const;
  /// A session with its policies, or without those that cannot be applied. View: until the entry is
  /// asked again.
  const session::SessionData& dataOf(const http::Exchange& exchange, const Entry& entry) const;
  /// The certificate that a signature is to be checked with; empty: none. View: as above.
  std::string_view certificateId(const http::Exchange& exchange, const HttpSignature& signature,
                                 const Entry& entry) const;
  Result<chain::Verdict> judged(http::Exchange& exchange, const HttpSignature& signature,
                                const Entry& entry, const certs::CertificatePtr& certificate) const;
  Result<bool> fits(const http::Exchange& exchange, const HttpSignature& signature,
                    const Entry& entry, const certs::CertificatePtr& certificate) const;
  bool inTime(const http::Exchange& exchange) const;

  std::shared_ptr<const definition::AuthRules> auth_;
  CredentialReader credential_;
  bool becomes_identity_;
  session::Keyrings& keyrings_;
  const events::Emitter* events_;
  std::unique_ptr<KeyCertificates[]> certificates_;  ///< each worker's
};

}  // namespace tykpp::middleware
