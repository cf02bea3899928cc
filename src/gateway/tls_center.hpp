#pragma once
// Certificates of the whole gateway: which ones settings and definitions name, where they are (the
// certificate store or files), and what becomes of them (TLS of the listeners, allowed clients).
// Looks again at each reload, at each change by the control API, and once a minute. Thread: main.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "certs/certificate_set.hpp"
#include "certs/certificate_store.hpp"
#include "gateway/certificate_monitor.hpp"
#include "gateway/tls_builder.hpp"
#include "net/task.hpp"
#include "session/keyring.hpp"

namespace tykpp::gateway {

class TlsCenter {
 public:
  /// What the center works with; all of it outlives it.
  struct Parts {
    const definition::GatewayConfig& config;
    net::Loop& main;
    const std::vector<std::unique_ptr<Worker>>& workers;
    session::Keyrings& keyrings;
    std::function<Specs()> specs;  ///< the APIs that are served
    CertificateMonitor::EmitterOf emitter_of;
  };
  explicit TlsCenter(Parts parts);
  TlsCenter(const TlsCenter&) = delete;
  TlsCenter& operator=(const TlsCenter&) = delete;

  /// Reads the gateway's own certificate files, before anything is served.
  /// @error kBadConfig: one of them cannot be used
  Result<void> checkFiles();
  /// @param client  of the main loop. It is destroyed before the center and after stop().
  void setStore(storage::KeyStoreClient& client);
  /// No refresh from now on; one that is under way ends without effect.
  void stop() noexcept { stopped_ = true; }
  /// Reads everything again and puts it in force for new connections.
  /// @param done  called then, also when something could not be read; may be empty
  void refresh(std::function<void()> done);
  /// Has what calls of these APIs need in force before they are served: files at once, ids when
  /// the store has answered.
  /// @param wait  false: ids are not waited for @param done  called then
  void prepare(Specs coming, bool wait, std::function<void()> done);
  /// What could not be used at the last refresh.
  const definition::Problems& problems() const noexcept { return problems_; }
  /// The certificate store; null before setStore().
  certs::CertificateStore* store() noexcept { return store_.get(); }

 private:
  /// What a name stands for, and the text it was read from when that came from the store.
  struct Known {
    std::string text;
    certs::CertificatePtr certificate;
  };
  using Texts = std::vector<std::optional<std::string>>;
  net::Detached run();
  net::Detached lookAgain();
  net::Task<Result<Texts>> ask(std::vector<std::string> names);
  void take(const std::vector<std::string>& names, const Texts& texts);
  void readFiles(const std::set<std::string>& names);
  void drop(const std::set<std::string>& names);
  void complain(const std::string& name, const std::string& reason);
  std::shared_ptr<const certs::CertificateSet> newSet();
  void publish(const Specs& specs);
  void published();
  static void onTime(net::Deadline&, void* self);

  Parts parts_;
  const definition::TlsConfig& tls_;
  std::string secret_;
  std::shared_ptr<net::TicketKeys> tickets_ = std::make_shared<net::TicketKeys>();
  std::unique_ptr<certs::CertificateStore> store_;
  std::unordered_map<std::string, Known> known_;
  certs::CertificateSet set_;  // in force
  CertificateMonitor monitor_;
  definition::Problems problems_;
  std::vector<std::function<void()>> waiting_;  // for the next refresh
  std::vector<std::function<void()>> serving_;  // for the one that runs
  net::Deadline again_;
  Specs coming_;  // those of the last prepare()
  bool running_ = false;
  bool store_failed_ = false;
  bool stopped_ = false;
};

/// What private keys in the store are encrypted with.
std::string certificateSecret(const definition::GatewayConfig& config);

}  // namespace tykpp::gateway
