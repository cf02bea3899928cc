#include "gateway/gateway.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/log.hpp"
#include "gateway/key_store.hpp"
#include "tykpp/version.h"

namespace tykpp::gateway {
namespace {

http::ServerLimits limitsOf(const definition::GatewayConfig& config, std::uint32_t workers) {
  http::ServerLimits limits;
  const definition::ServerOptions& server = config.http_server_options;
  limits.read_timeout = server.read_timeout;
  limits.write_timeout = server.write_timeout;
  limits.idle_timeout = config.idle_timeout;
  limits.max_head_bytes = static_cast<std::size_t>(config.max_header_size);
  limits.max_body_bytes = server.max_request_body_size > 0
                              ? static_cast<std::uint64_t>(server.max_request_body_size)
                              : 0;
  limits.close_connections = config.close_connections;
  // Each client may need an upstream connection beside its own, and files and plugins want some
  // too.
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  limits.max_connections =
      std::max<std::size_t>(64, static_cast<std::size_t>(files.rlim_cur) * 2 / 5 / workers);
  return limits;
}

upstream::Pool::Options poolOptions(const definition::GatewayConfig& config,
                                    std::uint32_t workers) {
  upstream::Pool::Options options;
  options.max_idle = static_cast<std::size_t>(std::max(0, config.max_idle_connections)) / workers;
  if (config.max_idle_connections > 0 && options.max_idle == 0) options.max_idle = 1;
  if (config.max_idle_connections_per_host > 0) {
    options.max_idle_per_host = std::max<std::size_t>(
        1, static_cast<std::size_t>(config.max_idle_connections_per_host) / workers);
  }
  options.max_age = config.max_conn_time;
  return options;
}

net::Resolver::Options resolverOptions(const definition::GatewayConfig& config) {
  net::Resolver::Options options;
  if (config.dns_cache.enabled) options.ttl = config.dns_cache.ttl;
  return options;
}

/// Worker threads for `workers`: that number, or the processors this process may run on.
std::uint32_t workerCount(const definition::GatewayConfig& config) {
  if (config.workers > 0) return static_cast<std::uint32_t>(config.workers);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&allowed)));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Gateway::Gateway(const definition::GatewayConfig& config)
    : config_(config),
      signals_(main_.io()),
      reload_timer_(main_.io()),
      drain_timer_(main_.io()),
      bundle_timer_(main_.io()) {}

Gateway::~Gateway() {
  for (const auto& worker : workers_) worker->stop();
  if (events_ != nullptr) events_->stop();
}

Result<void> Gateway::run() {
  TYKPP_LOG(info, "main", "Tyk API Gateway {}", TYKPP_VERSION);
  auto errors = response::ErrorTemplates::load(config_);
  if (!errors) return errors.error();
  errors_ = std::make_unique<response::ErrorTemplates>(std::move(*errors));
  resolver_ = std::make_unique<net::Resolver>(resolverOptions(config_));
  admin_ = std::make_unique<admin::AdminApi>(*this, health_);
  client::Limits limits;
  limits.transfers = 512;
  client_ = std::make_unique<client::HttpClient>(limits);
  const bool redis = config_.storage.type == "redis";
  data_ = redis ? storage::makeRedisDataStore(redisAddress(config_.storage))
                : storage::makeMemoryDataStore();
  events_ = std::make_unique<EventCenter>(config_, redis ? data_.get() : nullptr);
  plugin_keys_ = std::make_unique<PluginKeys>(
      main_, *admin_,
      [this](std::uint32_t worker, std::function<void()> fn) { post(worker, std::move(fn)); });
  drivers_ = drivers::makeRegistry(config_, *this, plugin_keys_.get());
  bundles_ = std::make_unique<BundleLoader>(
      config_, *client_, [this](std::function<void()> fn) { main_.post(std::move(fn)); },
      [this] { bundlesChanged(); });
  auto identity = IdentityCenter::open(config_, main_, *client_);
  if (!identity) return identity.error();
  identity_ = std::move(*identity);
  auto cache = CacheCenter::open(config_, identity_->store(), main_);
  if (!cache) return cache.error();
  cache_ = std::move(*cache);
  auto traffic = TrafficCenter::open(config_, identity_->store(), main_);
  if (!traffic) return traffic.error();
  traffic_ = std::move(*traffic);
  session::Keyrings& keyrings = identity_->keyrings();
  keyrings.setGatewayEvents(events_->gateway());
  bridge_ = std::make_unique<ControlBridge>(main_, *admin_, config_, keyrings);
  builder_ =
      std::make_unique<SnapshotBuilder>(config_, *drivers_, workerCount(config_), bundles_.get(),
                                        events_.get(), &keyrings, &cache_->clients());
  const std::uint16_t control =
      config_.control_api_port != 0 ? config_.control_api_port : config_.listen_port;
  shared_ = std::make_unique<PipelineShared>(
      PipelineShared{config_, *errors_, *resolver_, *bridge_, identity_->oauth(), traffic_.get(),
                     cache_->clients(), config_.listen_port, control});
  ports_ = std::make_unique<OwnPorts>(config_, workers_);
  tls_ = std::make_unique<TlsCenter>(
      TlsCenter::Parts{config_, main_, workers_, keyrings, [this] { return apis(); },
                       [this](const std::string& api_id) { return emitterOf(api_id); }});
  if (auto usable = tls_->checkFiles(); !usable) return usable;
  watchSignals();
  if (auto opened = openWorkers(); !opened) return opened;
  writePidFile();
  startProbe();
  identity_->join({[this] { requestReload(nullptr); }, [this] { return requestsServed(); },
                   [this](std::string_view api_id) { cache_->forgetLater(std::string(api_id)); }});
  tls_->setStore(identity_->client());
  debug_ = std::make_unique<DebugCenter>(
      DebugCenter::Parts{main_, *workers_.front(), workerCount(config_), *shared_, *drivers_,
                         *bundles_, *events_, keyrings});
  reload();
  for (const auto& worker : workers_) worker->start();
  TYKPP_LOG(info, "main", "Tyk Gateway started ({})", TYKPP_VERSION);
  TYKPP_LOG(info, "main", "--> Listening on address: {}",
            config_.listen_address.empty() ? "(open interface)" : config_.listen_address);
  TYKPP_LOG(info, "main", "--> Listening on port: {}", config_.listen_port);
  if (control == config_.listen_port)
    TYKPP_LOG(warn, "main", "The control_api_port should be changed for production");
  TYKPP_LOG(info, "main", "--> PID: {}", ::getpid());
  main_.run();
  for (const auto& worker : workers_) worker->stop();
  TYKPP_LOG(info, "main", "Terminating.");
  return {};
}

Result<void> Gateway::openWorkers() {
  const std::uint32_t count = workerCount(config_);
  const http::ServerLimits limits = limitsOf(config_, count);
  // A first, empty snapshot: a request that comes before the load finds no API instead of nothing
  // at all.
  snapshot_ = std::make_shared<Snapshot>(
      std::vector<std::shared_ptr<const ApiRuntime>>{},
      std::make_shared<route::Router>(std::vector<route::RouteEntry>{}, config_));
  for (std::uint32_t i = 0; i < count; ++i) {
    Worker::Settings settings{
        i, poolOptions(config_, count), [this](std::shared_ptr<const Snapshot> snapshot) {
          main_.post(
              [snapshot = std::move(snapshot)] {});  // the last reference goes on the main thread
        }};
    workers_.push_back(std::make_unique<Worker>(std::move(settings)));
    Worker& worker = *workers_.back();
    identity_->keyrings().add(worker.loop());
    cache_->add(worker.loop());
    if (traffic_ != nullptr) traffic_->add(worker.loop());
    pipelines_.push_back(std::make_unique<Pipeline>(worker, *shared_));
    worker.setServer(std::make_unique<http::Server>(worker.loop(), *pipelines_.back(), limits, i));
    worker.publish(snapshot_, nullptr);
    const Transport transport =
        config_.http_server_options.use_ssl ? Transport::kTls : Transport::kPlain;
    auto listening = worker.listen(config_.listen_address, config_.listen_port, transport);
    if (!listening) return listening.error();
    if (shared_->control_port == shared_->api_port) continue;
    auto control = worker.listen(config_.listen_address, shared_->control_port,
                                 ownControlTls(config_) ? Transport::kControlTls : transport);
    if (!control) return control.error();
  }
  return {};
}

void Gateway::startProbe() {
  if (config_.enable_file_watch && !config_.app_path.empty()) {
    auto watch = FileWatch::open(main_.io(), config_.app_path, [this] { requestReload(nullptr); });
    if (watch) {
      watch_ = std::move(*watch);
    } else {
      TYKPP_LOG(err, "main", "enable_file_watch: {}", watch.error().message());
    }
  }
  if (config_.storage.type != "redis") return;
  probe_ = std::make_unique<storage::RedisProbe>(
      redisAddress(config_.storage), config_.liveness_check_duration,
      [this](const storage::ProbeResult& result) {
        if (result.first) {
          health_.setRedisConnected(result.error.empty());
        } else {
          health_.setRedis(result.error);
        }
        if (!result.error.empty())
          TYKPP_LOG(err, "redis", "Redis does not answer: {}", result.error);
      });
}

std::uint64_t Gateway::requestsServed() const {
  std::uint64_t served = 0;
  for (const auto& worker : workers_) {
    served += worker->server().counters().requests.load(std::memory_order_relaxed);
  }
  return served;
}

void Gateway::watchSignals() {
  ::signal(SIGPIPE, SIG_IGN);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2})
    signals_.add(signal);
  awaitSignal();
}

void Gateway::awaitSignal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    onSignal(signal);
    awaitSignal();
  });
}

void Gateway::onSignal(int signal) {
  switch (signal) {
    case SIGHUP:
    case SIGUSR2:  // the reference hands its listener to a new process here, which reads the
                   // definitions anew
      requestReload(nullptr);
      break;
    case SIGUSR1:
      break;
    default:
      TYKPP_LOG(info, "main", "Stop signal received.");
      shutDown();
  }
}

void Gateway::post(std::uint32_t worker, std::function<void()> fn) {
  workers_[worker]->loop().post(std::move(fn));
}

net::Loop* Gateway::loop(std::uint32_t worker) {
  return worker < workers_.size() ? &workers_[worker]->loop() : nullptr;
}

void Gateway::callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) {
  workers_[worker]->timedCalls().add(when, std::move(fn));
}

}  // namespace tykpp::gateway
