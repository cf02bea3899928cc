#include "gateway/traffic_center.hpp"

#include <utility>

#include "base/log.hpp"
#include "gateway/key_store.hpp"

namespace tykpp::gateway {

bool TrafficCenter::stores(const definition::GatewayConfig& config) noexcept {
  if (!config.enable_analytics) return false;
  // A store of their own is Redis, whether it is said or not.
  return config.enable_separate_analytics_store || config.storage.type == "redis";
}

Result<std::unique_ptr<TrafficCenter>> TrafficCenter::open(const definition::GatewayConfig& config,
                                                           storage::KeyStore& store,
                                                           net::Loop& main) {
  if (!stores(config)) {
    if (config.enable_analytics) {
      TYKPP_LOG(warn, "analytics",
                "enable_analytics needs Redis (storage.type is not redis): traffic records are "
                "shown to analytics plugins and not stored");
    }
    return std::unique_ptr<TrafficCenter>{};
  }
  std::unique_ptr<storage::KeyStore> own;
  if (config.enable_separate_analytics_store) {
    definition::StorageConfig settings = config.analytics_storage;
    settings.type = "redis";
    auto opened = openKeyStore(settings);
    if (!opened) return Error(opened.error()).at("analytics_storage");
    own = std::move(*opened);
  }
  return std::unique_ptr<TrafficCenter>(new TrafficCenter(config, store, std::move(own), main));
}

TrafficCenter::TrafficCenter(const definition::GatewayConfig& config, storage::KeyStore& shared,
                             std::unique_ptr<storage::KeyStore> own, net::Loop& main)
    : config_(config),
      own_store_(std::move(own)),
      store_(own_store_ != nullptr ? *own_store_ : shared),
      main_(main),
      expiry_(main, store_.client(main), config.analytics),
      patience_(main.io()) {}

void TrafficCenter::add(net::Loop& worker) {
  analytics::RecordBuffer::Limits limits;
  limits.records = static_cast<std::size_t>(config_.analytics.records_buffer_size);
  buffers_.push_back({&worker, std::make_unique<analytics::RecordBuffer>(
                                   worker, store_.client(worker), config_.analytics, limits)});
}

void TrafficCenter::drain(std::function<void()> done) {
  done_ = std::move(done);
  left_ = buffers_.size();
  const auto& used = own_store_ != nullptr ? config_.analytics_storage : config_.storage;
  patience_.expires_after(used.timeout + std::chrono::seconds(1));
  patience_.async_wait([this](const boost::system::error_code& error) {
    if (!error) end();
  });
  for (const Entry& entry : buffers_) {
    entry.loop->post([this, &buffer = *entry.buffer] {
      buffer.drain([this] { main_.post([this] { drained(); }); });
    });
  }
}

void TrafficCenter::drained() {
  if (--left_ > 0) return;
  // A list that was begun just now would live for good.
  expiry_.finish([this] { end(); });
}

void TrafficCenter::end() {
  patience_.cancel();
  if (done_) std::exchange(done_, nullptr)();
}

}  // namespace tykpp::gateway
