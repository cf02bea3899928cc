#include "gateway/worker.hpp"

#include <pthread.h>

#include <algorithm>

namespace tykpp::gateway {

LeaseGuard::LeaseGuard(Worker& worker) noexcept : worker_(worker), lease_(worker.current_) {
  ++lease_->requests;
}

LeaseGuard::~LeaseGuard() {
  if (--lease_->requests == 0 && !lease_->current) worker_.release(*lease_);
}

Worker::Worker(Settings settings)
    : settings_(std::move(settings)), pool_(loop_, settings_.index, settings_.pool) {}

Worker::~Worker() { stop(); }

Result<std::uint16_t> Worker::listen(const std::string& address, std::uint16_t port) {
  const std::size_t slot = listeners_.size();
  auto listener =
      net::Listener::open(loop_, address, port, [this, slot](int fd, const sockaddr_storage& peer) {
        server_->serve(fd, peer, listeners_[slot]->port());
      });
  if (!listener) return listener.error();
  const std::uint16_t bound = (*listener)->port();
  listeners_.push_back(std::move(*listener));
  return bound;
}

void Worker::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("tykpp-w" + std::to_string(settings_.index)).c_str());
    loop_.run();
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

void Worker::publish(std::shared_ptr<const Snapshot> snapshot, std::function<void()> adopted) {
  loop_.post([this, snapshot = std::move(snapshot), adopted = std::move(adopted)]() mutable {
    adopt(std::move(snapshot));
    if (adopted) adopted();
  });
}

void Worker::adopt(std::shared_ptr<const Snapshot> snapshot) {
  Lease* old = current_;
  leases_.push_back(std::make_unique<Lease>(Lease{std::move(snapshot)}));
  current_ = leases_.back().get();
  if (old == nullptr) return;
  old->current = false;
  if (old->requests == 0) release(*old);
}

void Worker::release(Lease& lease) {
  const auto found = std::find_if(leases_.begin(), leases_.end(),
                                  [&lease](const auto& l) { return l.get() == &lease; });
  std::shared_ptr<const Snapshot> snapshot = std::move((*found)->snapshot);
  leases_.erase(found);
  settings_.free_snapshot(std::move(snapshot));
}

void Worker::drain() {
  loop_.post([this] {
    for (const auto& listener : listeners_) listener->close();
    server_->drain();
  });
}

void Worker::abort() {
  loop_.post([this] { server_->abortAll(); });
}

}  // namespace tykpp::gateway
