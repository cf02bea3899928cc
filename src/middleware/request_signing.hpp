#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "definition/auth_rules.hpp"

namespace tykpp::middleware {

/// Signs requests on their way to the upstream, with a secret both sides know or with the private
/// key of a certificate. A definition that cannot sign answers 500, as with the reference. Thread:
/// any worker. Source: `request_signing`, `hmac_allowed_algorithms`.
class RequestSigning final : public chain::Step {
 public:
  static constexpr std::string_view kName = "request_signing";
  /// The step for APIs that ask for it. @error without certificates to sign with
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit RequestSigning(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::vector<std::string> headersOf(http::Request& request) const;
  /// The signature in the header's form. @error 500 when the certificate is no good
  Result<std::string> signatureOver(const http::Exchange& exchange, std::string_view text) const;
  definition::RequestSigning rules_;
  session::Keyrings* keyrings_;  ///< not null with a certificate
  bool strip_listen_path_;
  std::string problem_;  ///< why nothing can be signed; empty: nothing stands in the way
};

}  // namespace tykpp::middleware
