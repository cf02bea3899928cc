#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "chain/step.hpp"

namespace tykpp::session {
class Keyring;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Sessions of keys that are certificates (`use_certificate`), for the step of tokens. Thread: any
/// worker.
class CertificateKey {
 public:
  /// @param org_id  of the API
  CertificateKey(std::string org_id, std::string hash_key_function);

  /// The session of what the client showed, from the cache; null: ask find().
  std::shared_ptr<session::SessionEntry> cached(session::Keyring& keyring,
                                                const http::Exchange& exchange) const;
  /// The same from the store; null when there is none.
  /// @error kForbidden (403): the certificate is not in the certificate store; the store's
  net::Task<Result<std::shared_ptr<session::SessionEntry>>> find(
      session::Keyring& keyring, const http::Exchange& exchange) const;

 private:
  std::string org_id_;
  std::string hash_key_function_;
  std::string scope_;  ///< under which the cache knows these keys: no client can name it
};

/// Whether the certificate of a request is one of those that a session is bound to
/// (`mtls_static_certificate_bindings`); also when it is bound to none.
bool fitsBindings(const http::Exchange& exchange, const session::SessionEntry& entry,
                  std::string_view org_id);

}  // namespace tykpp::middleware
