#include "gateway/traffic_center.hpp"

#include <utility>

#include "base/log.hpp"

namespace tykpp::gateway {

bool TrafficCenter::wanted(const definition::GatewayConfig& config) {
  if (!config.enable_analytics) return false;
  if (config.storage.type == "redis") return true;
  TYKPP_LOG(warn, "analytics",
            "enable_analytics needs Redis (storage.type is not redis): traffic records are shown "
            "to analytics plugins and not stored");
  return false;
}

TrafficCenter::TrafficCenter(const definition::GatewayConfig& config, storage::KeyStore& store,
                             net::Loop& main)
    : config_(config),
      store_(store),
      main_(main),
      expiry_(main, store.client(main), config.analytics),
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
  patience_.expires_after(config_.storage.timeout + std::chrono::seconds(1));
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
