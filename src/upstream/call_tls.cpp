// TLS with an upstream: what the gateway shows of itself, and which keys it takes.

#include <algorithm>

#include "base/ascii.hpp"
#include "certs/certificate_set.hpp"
#include "net/client_identity.hpp"
#include "upstream/call.hpp"

namespace tykpp::upstream {
namespace {

/// SHA-256 in hex.
constexpr std::size_t kDigestSize = 64;

/// What names that are no certificate's may say themselves: a digest, or one that the id of a key
/// in the store ends with.
std::string digestIn(const std::string& name) {
  if (name.size() < kDigestSize) return {};
  std::string digest = lowered(std::string_view(name).substr(name.size() - kDigestSize));
  const bool hex = digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? digest : std::string{};
}

bool hasPinnedKey(const std::vector<std::string>& keys, const std::vector<std::string>& pins,
                  const certs::CertificateSet* set) {
  const auto shown = [&keys](const std::string& digest) {
    return !digest.empty() && std::find(keys.begin(), keys.end(), digest) != keys.end();
  };
  return std::any_of(pins.begin(), pins.end(), [&](const std::string& name) {
    const certs::CertificatePtr named = set == nullptr ? nullptr : set->find(name);
    return (named != nullptr && shown(named->keyFingerprint())) || shown(digestIn(name));
  });
}

}  // namespace

net::Task<Result<void>> Call::secure() {
  const Endpoint& endpoint = connection_->endpoint();
  const definition::UpstreamTls& tls = endpoint.key().tls_options;
  // Held: another set may come into force during the handshake.
  const std::shared_ptr<const certs::CertificateSet> set = pool_.certificates();
  certs::CertificatePtr certificate;
  net::ClientIdentity identity;
  if (!tls.client_certificate.empty()) {
    if (set != nullptr) certificate = set->find(tls.client_certificate);
    if (certificate == nullptr || certificate->leaf() == nullptr || certificate->key() == nullptr) {
      // Going on without it would say something else of the gateway than its settings do.
      co_return failure(Errc::kTlsFailed)
          .withDetail("the client certificate " + tls.client_certificate +
                      " is not there or has no private key");
    }
    identity = {certificate->leaf(), certificate->key(), certificate->chain()};
  }
  const net::ClientIdentity* const shown = certificate != nullptr ? &identity : nullptr;
  Result<void> done = co_await connection_->stream.handshake(
      endpoint.tlsContext(), endpoint.key().host, !tls.insecure_skip_verify, shown);
  if (!done) {
    co_return failure(client_gone_ ? Errc::kClientGone : done.error().code())
        .withDetail(done.error().message());
  }
  if (!tls.pinned_keys.empty() &&
      !hasPinnedKey(connection_->stream.peerKeys(), tls.pinned_keys, set.get())) {
    co_return failure(Errc::kTlsFailed)
        .withDetail("https://" + endpoint.key().host +
                    " certificate public key pinning error: public keys do not match");
  }
  co_return done;
}

}  // namespace tykpp::upstream
