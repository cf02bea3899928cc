#include "certs/client_check.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>

#include "certs/impl/pem.hpp"

namespace tykpp::certs {
namespace {

struct StoreDeleter {
  void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
};
struct ContextDeleter {
  void operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }
};
struct StackDeleter {
  void operator()(STACK_OF(X509) * list) const noexcept { sk_X509_free(list); }
};

Error refusal(std::string text) {
  return Error(Errc::kForbidden, Side::kClient, 403, std::move(text));
}

/// Whether an authority vouches for a client, by way of what the client showed.
bool vouches(const Certificate& authority, const std::vector<X509Ptr>& shown, std::int64_t now) {
  const std::unique_ptr<X509_STORE, StoreDeleter> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, ContextDeleter> context(X509_STORE_CTX_new());
  const std::unique_ptr<STACK_OF(X509), StackDeleter> between(sk_X509_new_null());
  if (!store || !context || !between) return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_STORE_add_cert(store.get(), authority.leaf()) != 1) return false;
  for (std::size_t i = 1; i < shown.size(); ++i) sk_X509_push(between.get(), shown[i].get());
  if (X509_STORE_CTX_init(context.get(), store.get(), shown.front().get(), between.get()) != 1)
    return false;
  X509_STORE_CTX_set_default(context.get(), "ssl_client");
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now));
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace

Error tlsNotEnabled() { return refusal("TLS not enabled"); }
Error certificateRequired() { return refusal("Client TLS certificate is required"); }

Result<void> checkClient(const net::PeerCertificates& peer, const CertificateSet& set,
                         const std::vector<std::string>& allowed, std::int64_t now) {
  std::vector<X509Ptr> shown;
  std::vector<std::string> digests;
  for (const std::string& der : peer.chain) {
    digests.push_back(shown.empty() ? peer.sha256 : sha256Hex(der));
    shown.push_back(certificate(der));
    if (!shown.back()) return refusal("Client TLS certificate is required");
  }
  for (const std::string& name : allowed) {
    const CertificatePtr entry = set.find(name);
    if (entry == nullptr || entry->publicKeyOnly()) continue;
    const bool listed =
        std::find(digests.begin(), digests.end(), entry->fingerprint()) != digests.end();
    if (!listed && !(entry->isAuthority() && vouches(*entry, shown, now))) continue;
    if (entry->notAfter() < now) return refusal("Certificate has expired");
    return {};
  }
  return refusal("Certificate with SHA256 " + peer.sha256 + " not allowed");
}

}  // namespace tykpp::certs
