#pragma once
#include <memory>
#include <string>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::middleware {

/// Lets only clients through whose TLS certificate is allowed: listed itself, or signed by a listed
/// authority. The handshake asks for it (gateway/tls_builder.hpp); here is where it is judged.
/// 403 with the reason. Thread: any worker. Source: `use_mutual_tls_auth`, `client_certificates`,
/// `security.certificates.apis`.
class ClientCertificate final : public chain::Step {
 public:
  static constexpr std::string_view kName = "client_certificate";
  /// The step for APIs that ask for it, keyless ones too. @error without certificates to look at
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  ClientCertificate(std::vector<std::string> allowed, session::Keyrings& keyrings)
      : allowed_(std::move(allowed)), keyrings_(keyrings) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::vector<std::string> allowed_;
  session::Keyrings& keyrings_;
};

}  // namespace tykpp::middleware
