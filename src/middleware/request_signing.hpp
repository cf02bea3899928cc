#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/step.hpp"
#include "definition/auth_rules.hpp"

namespace tykpp::middleware {

/// Signs requests on their way to the upstream, with a secret both sides know. A definition that
/// cannot sign answers 500, as with the reference. Thread: any worker. Source: `request_signing`,
/// `hmac_allowed_algorithms`.
class RequestSigning final : public chain::Step {
 public:
  static constexpr std::string_view kName = "request_signing";
  /// The step for APIs that ask for it.
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  explicit RequestSigning(const chain::BuildContext& build);
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  std::vector<std::string> headersOf(http::Request& request) const;
  definition::RequestSigning rules_;
  bool strip_listen_path_;
  std::string problem_;  ///< why nothing can be signed; empty: nothing stands in the way
};

}  // namespace tykpp::middleware
