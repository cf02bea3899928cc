#pragma once
// The daemon: workers, snapshots, reload, signals, shutdown. Thread: made, run and destroyed on the
// main thread.

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/admin_api.hpp"
#include "admin/control.hpp"
#include "admin/health.hpp"
#include "client/client.hpp"
#include "definition/api_loader.hpp"
#include "definition/gateway_config.hpp"
#include "drivers/registry.hpp"
#include "drivers/worker_services.hpp"
#include "gateway/bundle_loader.hpp"
#include "gateway/cache_center.hpp"
#include "gateway/debug_center.hpp"
#include "gateway/event_center.hpp"
#include "gateway/file_watch.hpp"
#include "gateway/identity_center.hpp"
#include "gateway/own_ports.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/plugin_keys.hpp"
#include "gateway/snapshot.hpp"
#include "gateway/tls_center.hpp"
#include "gateway/worker.hpp"
#include "storage/data_store.hpp"
#include "storage/redis_probe.hpp"

namespace tykpp::gateway {

class Gateway final : public admin::Control, public drivers::WorkerServices {
 public:
  /// @param config  must outlive the gateway
  explicit Gateway(const definition::GatewayConfig& config);
  ~Gateway() override;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Opens listeners, loads the definitions, serves until SIGTERM, SIGINT or SIGQUIT, drains.
  /// @error what keeps it from starting: a port in use, templates, directories
  Result<void> run();

  // admin::Control
  void requestReload(std::function<void()> done) override;
  bool publishGroupReload() override;
  std::vector<std::shared_ptr<const definition::ApiSpec>> apis() const override;
  definition::Problems loadProblems() const override { return problems_; }
  std::vector<admin::PluginStatus> plugins() const override;
  std::vector<admin::PluginServer> pluginServers() const override;
  void rollbackPlugins(const std::string& api_id, std::function<void(Result<void>)> done) override;
  const definition::GatewayConfig& config() const override { return config_; }
  certs::CertificateStore* certificates() override { return tls_->store(); }
  void certificatesChanged(std::function<void()> done) override { tls_->refresh(std::move(done)); }
  net::Loop& loop() override { return main_; }
  session::SessionStore& sessions() override { return identity_->sessions(); }
  std::shared_ptr<const session::PolicySet> policies() const override;
  session::PasswordPool& passwords() override { return identity_->keyrings().passwords(); }
  const oauth::Site& site() override { return identity_->site(); }
  void tokenChanged(admin::TokenChange change, std::string message, std::string org_id,
                    std::string key) override;
  void forgetKeySets(std::string_view api_id) override { identity_->forgetKeySets(api_id); }
  net::Task<Result<void>> forgetAnswers(std::string api_id) override;
  void debugRequest(admin::DebugCall call, std::function<void(admin::DebugOutcome)> done) override;
  bool reloadedOnce() const override { return loaded_once_; }
  bool shuttingDown() const override { return stopping_; }

  void post(std::uint32_t worker, std::function<void()> fn) override;
  net::Loop* loop(std::uint32_t worker) override;
  void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) override;
  void fetch(std::uint32_t worker, drivers::FetchRequest request, Fetched done) override;
  void storeData(std::string key, std::string value, std::chrono::seconds ttl,
                 Stored done) override;
  void loadData(std::string key, Stored done) override;
  void triggerEvent(std::string name, std::string message) override;

 private:
  Result<void> openWorkers();
  void startProbe();
  std::uint64_t requestsServed() const;
  void watchSignals();
  void awaitSignal();
  void onSignal(int signal);
  void scheduleReload();
  void reload();
  void adopt(std::uint64_t turn, std::shared_ptr<const Snapshot> snapshot,
             std::function<void()> answer);
  void bundlesChanged();
  void loadEventHandlers(const Snapshot& snapshot);
  void publish(std::shared_ptr<const Snapshot> snapshot, std::function<void()> everywhere);
  /// Certificates and ports as the present snapshot wants them.
  void openPorts(std::function<void()> done);
  void watchPluginFiles();
  const events::Emitter* emitterOf(const std::string& api_id) const;
  void logProblems(const definition::Problems& problems) const;
  void shutDown();
  void awaitDrained(Clock::time_point deadline);
  void finish();  ///< no request is under way: stores what there is to store, and ends
  void writePidFile() const;

  const definition::GatewayConfig& config_;
  net::Loop main_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer reload_timer_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer bundle_timer_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<EventCenter> events_;  // before what its handlers' calls pass through
  std::unique_ptr<storage::DataStore> data_;
  std::unique_ptr<client::HttpClient> client_;
  std::unique_ptr<PluginKeys> plugin_keys_;
  std::unique_ptr<drivers::DriverRegistry> drivers_;
  std::unique_ptr<BundleLoader> bundles_;
  std::unique_ptr<SnapshotBuilder> builder_;
  definition::ApiDirectory directory_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<response::ErrorTemplates> errors_;
  admin::HealthState health_;
  std::unique_ptr<admin::AdminApi> admin_;
  std::unique_ptr<ControlBridge> bridge_;
  std::unique_ptr<PipelineShared> shared_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<storage::RedisProbe> probe_;
  std::unique_ptr<FileWatch> watch_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<OwnPorts> ports_;
  std::unique_ptr<TlsCenter> tls_;            // what it waits for ends with the main client
  std::unique_ptr<IdentityCenter> identity_;  // before the loops of workers and main
  std::unique_ptr<CacheCenter> cache_;        // before the store
  std::unique_ptr<TrafficCenter> traffic_;    // before the store; null: records are not stored
  std::unique_ptr<DebugCenter> debug_;        // before the loops, and all that chains are made of
  definition::Problems problems_;
  std::vector<std::function<void()>> waiting_;  // for the next reload
  std::vector<std::function<void()>> waiting_for_bundles_;
  Clock::time_point last_reload_;
  bool reload_due_ = false;
  std::uint64_t reload_turn_ = 0;                 // of the last reload
  std::uint64_t adopted_turn_ = 0;                // of the one whose snapshot is in force
  std::vector<std::function<void()>> overtaken_;  // answers of reloads that a later one overtook
  bool loaded_once_ = false;
  bool stopping_ = false;
};

}  // namespace tykpp::gateway
