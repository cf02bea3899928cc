#include "drivers/grpc/impl/server.hpp"

#include <utility>

namespace tykpp::drivers::grpc {

Result<std::shared_ptr<Server>> Server::open(const std::string& address,
                                             const definition::GrpcConfig& config,
                                             WorkerServices& services) {
  auto dialing = Dialing::of(address, config);
  if (!dialing) return dialing.error();
  return std::shared_ptr<Server>(new Server(address, std::move(*dialing), services));
}

Server::Server(std::string address, std::unique_ptr<const Dialing> dialing,
               WorkerServices& services)
    : address_(std::move(address)), dialing_(std::move(dialing)), services_(services) {}

Server::~Server() {
  for (std::uint32_t worker = 0; worker < places_.size(); ++worker) {
    Place& place = places_[worker];
    if (place.channel == nullptr || place.channel->state() == Channel::State::kClosed) continue;
    services_.post(worker, [place = std::move(place)] { place.lane->forget(place.channel); });
  }
}

Channel& Server::channel(std::uint32_t worker, const std::shared_ptr<Lane>& lane) {
  const std::lock_guard lock(mutex_);
  if (places_.size() <= worker) places_.resize(worker + 1);
  Place& place = places_[worker];
  if (place.channel == nullptr) {
    place = {lane, std::make_shared<Channel>(*lane, dialing_, health_)};
    lane->keep(place.channel);
  }
  return *place.channel;
}

RemoteServer Server::state() const {
  bool failing = false;
  bool ready = false;
  bool connecting = false;
  {
    const std::lock_guard lock(mutex_);
    for (const Place& place : places_) {
      if (place.channel == nullptr) continue;
      const Channel::State state = place.channel->state();
      failing = failing || state == Channel::State::kFailing;
      ready = ready || state == Channel::State::kReady;
      connecting = connecting || state == Channel::State::kConnecting;
    }
  }
  // While it connects anew after a failure, it fails still.
  failing = failing || (connecting && health_->failing());
  const char* name = failing ? "failing" : ready ? "ready" : connecting ? "connecting" : "idle";
  return {address_, name, health_->error()};
}

}  // namespace tykpp::drivers::grpc
