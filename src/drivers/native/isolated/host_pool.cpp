#include "drivers/native/isolated/host_pool.hpp"

namespace tykpp::drivers::native::isolated {

void LaneRegistry::add(const std::shared_ptr<Lane>& lane) {
  const std::lock_guard lock(mutex_);
  std::erase_if(lanes_, [](const auto& known) { return known.expired(); });
  lanes_.push_back(lane);
}

void LaneRegistry::closeAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& known : lanes_) {
    if (const auto lane = known.lock()) lane->close();
  }
}

std::shared_ptr<Lane> HostUse::lane(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  if (lanes_.size() <= worker) lanes_.resize(worker + 1);
  if (lanes_[worker] == nullptr) {
    net::Loop* const loop = services_.loop(worker);
    if (loop == nullptr) return nullptr;
    lanes_[worker] = std::make_shared<Lane>(host_, *loop);
    registry_->add(lanes_[worker]);
  }
  return lanes_[worker];
}

HostPool::HostPool(HostOptions options, WorkerServices& services)
    : options_(std::move(options)),
      services_(services),
      registry_(std::make_shared<LaneRegistry>()) {}

HostPool::~HostPool() { registry_->closeAll(); }

Result<std::shared_ptr<HostUse>> HostPool::start(const std::string& digest, const std::string& file,
                                                 const std::string& staged) {
  std::erase_if(uses_,
                [&](const auto& use) { return use.second.expired() && use.first != digest; });
  auto host = std::make_shared<Host>(options_, file, staged);
  auto use = std::make_shared<HostUse>(host, services_, registry_);
  supervisor_.add(host);
  if (auto ready = host->awaitFirst(); !ready) {
    return Error(Errc::kBadPlugin, "plugin " + file + " " + ready.error().message());
  }
  uses_[digest] = use;
  return use;
}

std::vector<RemoteServer> HostPool::servers() const {
  std::vector<RemoteServer> list;
  for (const auto& host : supervisor_.hosts()) list.push_back(host->status());
  return list;
}

}  // namespace tykpp::drivers::native::isolated
