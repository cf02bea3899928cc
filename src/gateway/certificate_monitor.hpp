#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "certs/certificate_set.hpp"
#include "gateway/tls_builder.hpp"
#include "net/task.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::gateway {

/// Tells (`CertificateExpiringSoon`, `CertificateExpired`) that certificates in use end soon, or
/// have ended: to handlers of the API that uses one, and to those of the gateway. Gateways on one
/// store tell each other what they have told. Thread: main. Source:
/// `security.certificate_expiry_monitor`.
class CertificateMonitor {
 public:
  /// Fires the events of an API, by its id; empty: the gateway's own. Null: nobody handles any.
  using EmitterOf = std::function<const events::Emitter*(const std::string& api_id)>;
  CertificateMonitor(const definition::GatewayConfig& config, EmitterOf emitter_of)
      : config_(config), emitter_of_(std::move(emitter_of)) {}
  CertificateMonitor(const CertificateMonitor&) = delete;
  CertificateMonitor& operator=(const CertificateMonitor&) = delete;

  /// @param client  of the main loop; outlives the object's work
  void setStore(storage::KeyStoreClient& client) noexcept { client_ = &client; }
  /// Looks at the certificates that are in force, those whose turn it is.
  /// @param now  unix seconds
  void look(const certs::CertificateSet& set, const Specs& specs, std::int64_t now);

 private:
  /// What a certificate is for.
  struct Use {
    std::string name;  ///< in the set
    const char* role;
    std::string api_id;  ///< empty: the gateway's own
  };
  std::vector<Use> usesOf(const Specs& specs) const;
  bool heard(const std::string& api_id) const;
  net::Detached tell(Use use, certs::CertificatePtr certificate, std::int64_t now);

  const definition::GatewayConfig& config_;
  EmitterOf emitter_of_;
  storage::KeyStoreClient* client_ = nullptr;
  std::map<std::pair<std::string, std::string>, std::int64_t> looked_;  // by name and API
  std::unordered_map<std::string, std::int64_t> told_;                  // by key of the store
};

}  // namespace tykpp::gateway
