#include "middleware/client_certificate.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "certs/client_check.hpp"
#include "definition/api_spec.hpp"
#include "definition/listener_rules.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

/// A good verdict is not asked for again on the same connection for so long, seconds.
constexpr std::int64_t kVerdictLasts = 60;

const certs::CertificateSet& none() {
  static const certs::CertificateSet empty;
  return empty;
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> ClientCertificate::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::ListenerRules* rules = build.api.listener.get();
  if (rules == nullptr || !rules->use_mutual_tls_auth) return steps;
  if (build.keyrings == nullptr) {
    return Error(Errc::kNotBuilt, "needs a store of certificates").at("/use_mutual_tls_auth");
  }
  steps.push_back(std::make_unique<ClientCertificate>(rules->client_certificates, *build.keyrings));
  return steps;
}

Result<chain::Verdict> ClientCertificate::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  if (!exchange.peer.tls) return certs::tlsNotEnabled();
  const net::PeerCertificates* peer = exchange.peer_certificates;
  if (peer == nullptr) return certs::certificateRequired();
  const auto& set = keyrings_.of(exchange.workerIndex()).certificates();
  const std::int64_t now = unixSeconds();
  net::PeerCertificates::Verdict& known = peer->verdict;
  if (known.good && known.asker == this && known.version == set.get() && now < known.until)
    return chain::Verdict::kContinue;
  const Result<void> checked =
      certs::checkClient(*peer, set != nullptr ? *set : none(), allowed_, now);
  if (!checked) return checked.error();
  known = {this, set.get(), std::min(now + kVerdictLasts, peer->not_after), true};
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
