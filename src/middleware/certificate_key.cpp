#include "middleware/certificate_key.hpp"

#include <algorithm>

#include "net/peer_certificates.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

using Entry = std::shared_ptr<session::SessionEntry>;

/// Where the certificate store keeps certificates.
constexpr std::string_view kStored = "cert-raw-";
/// No definition has an organisation with such a name in front.
constexpr std::string_view kScope = "\1certificate\1";

}  // namespace

CertificateKey::CertificateKey(std::string org_id, std::string hash_key_function)
    : org_id_(std::move(org_id)),
      hash_key_function_(std::move(hash_key_function)),
      scope_(std::string(kScope) + org_id_) {}

Entry CertificateKey::cached(session::Keyring& keyring, const http::Exchange& exchange) const {
  return keyring.cached(scope_, exchange.peer_certificates->sha256);
}

net::Task<Result<Entry>> CertificateKey::find(session::Keyring& keyring,
                                              const http::Exchange& exchange) const {
  const std::string sha256 = exchange.peer_certificates->sha256;
  const std::string id = org_id_ + sha256;
  // As keys are made for certificates: under a token of the organisation, in older stores under the
  // certificate's own id.
  const std::string token = session::makeToken(org_id_, sha256, hash_key_function_);
  Result<Entry> found = co_await keyring.find(org_id_, token);
  if (found && *found == nullptr) found = co_await keyring.find(org_id_, id);
  if (!found || *found == nullptr) co_return found;
  const std::string stored = std::string(kStored) + id;
  const Result<bool> known = co_await keyring.client().exists(stored);
  if (!known) co_return known.error();
  if (!*known) {
    co_return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
  }
  keyring.keep(*found, scope_, sha256);
  co_return found;
}

bool fitsBindings(const http::Exchange& exchange, const session::SessionEntry& entry,
                  std::string_view org_id) {
  const std::vector<std::string>& bindings = entry.stored().mtls_static_certificate_bindings;
  if (bindings.empty()) return true;
  const net::PeerCertificates* peer = exchange.peer_certificates;
  if (peer == nullptr) return false;
  return std::any_of(bindings.begin(), bindings.end(), [&](const std::string& id) {
    return id == peer->sha256 || (id.size() == org_id.size() + peer->sha256.size() &&
                                  id.starts_with(org_id) && id.ends_with(peer->sha256));
  });
}

}  // namespace tykpp::middleware
