#include "drivers/grpc/impl/runtime.hpp"

#include <utility>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// Events that a server has not taken yet; more are lost.
constexpr std::size_t kMaxEvents = 1024;
constexpr std::uint32_t kEventWorker = 0;

}  // namespace

Runtime::Runtime(const definition::GrpcConfig& config, WorkerServices& services, LaneLimits limits)
    : config_(config), services_(services), limits_(limits) {}

Runtime::~Runtime() { stop(); }

Result<std::shared_ptr<Server>> Runtime::server(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const auto known = servers_.find(address); known != servers_.end()) {
    if (auto server = known->second.lock()) return server;
  }
  std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
  auto server = Server::open(address, config_, services_);
  if (!server) return server;
  servers_[address] = *server;
  services_.post(0, [weak = weak_from_this(), opened = std::weak_ptr<Server>(*server)] {
    const auto self = weak.lock();
    const auto wanted = opened.lock();
    if (self == nullptr || wanted == nullptr) return;
    if (const auto lane = self->lane(0)) wanted->channel(0, lane).connect();
  });
  return server;
}

std::shared_ptr<Lane> Runtime::lane(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  if (lanes_.size() <= worker) lanes_.resize(worker + 1);
  if (lanes_[worker] == nullptr && !stopped_) {
    net::Loop* const loop = services_.loop(worker);
    if (loop != nullptr) lanes_[worker] = std::make_shared<Lane>(*loop, names_, limits_);
  }
  return lanes_[worker];
}

std::vector<RemoteServer> Runtime::servers() const {
  std::vector<RemoteServer> list;
  const std::lock_guard lock(mutex_);
  for (const auto& [address, known] : servers_) {
    if (const auto server = known.lock()) list.push_back(server->state());
  }
  return list;
}

void Runtime::sendEvent(const std::shared_ptr<Server>& server, const std::string& handler,
                        std::string payload, std::chrono::milliseconds timeout,
                        std::shared_ptr<void> ticket) {
  auto note = std::make_shared<EventNote>(EventNote{server, handler, std::move(ticket), nullptr});
  if (events_->fetch_add(1) >= kMaxEvents) {
    events_->fetch_sub(1);
    complainOfEvent(*note, "too many events wait for plugin servers already");
    return;
  }
  note->place =
      std::shared_ptr<void>(events_.get(), [count = events_](void*) { count->fetch_sub(1); });
  const Clock::time_point deadline = Clock::now() + timeout;
  services_.post(kEventWorker, [weak = weak_from_this(), note = std::move(note),
                                payload = std::move(payload), deadline] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const auto lane = self->lane(kEventWorker);
    if (lane == nullptr) return self->complainOfEvent(*note, "no loop to send it from");
    Channel& channel = note->server->channel(kEventWorker, lane);
    const EventLost lost = [](void* runtime, const EventNote& event, const std::string& why) {
      static_cast<Runtime*>(runtime)->complainOfEvent(event, why);
    };
    if (!lane->sendEvent(channel, payload, deadline, note, lost, self.get())) {
      self->complainOfEvent(*note, "too many calls of plugin servers wait already");
    }
  });
}

void Runtime::complainOfEvent(const EventNote& event, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (now - last_event_line_ < std::chrono::seconds(1)) return;
    last_event_line_ = now;
  }
  TYKPP_LOG(err, "grpc", "event not delivered handler={} server={} reason={}",
            log::quoted(event.handler), log::quoted(event.server->address()), log::quoted(why));
}

void Runtime::stop() {
  std::vector<std::shared_ptr<Lane>> lanes;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    lanes = lanes_;
  }
  // Without the lock: an event that ends may be the last to hold its server.
  for (const auto& lane : lanes) {
    if (lane != nullptr) lane->close();
  }
  names_.stop();
}

}  // namespace tykpp::drivers::grpc
