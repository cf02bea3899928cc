#include "gateway/worker.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"

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

Result<std::uint16_t> Worker::listen(const std::string& address, std::uint16_t port,
                                     Transport transport) {
  const Result<int> fd = net::Listener::bind(address, port);
  if (!fd) return fd.error();
  if (auto opened = open(*fd, port, transport); !opened) return opened.error();
  return doors_.back()->port;
}

Result<void> Worker::open(int fd, std::uint16_t port, Transport transport) {
  auto door = std::make_unique<Door>(Door{port, transport, nullptr});
  auto listener = net::Listener::adopt(
      loop_, fd, [this, self = door.get()](int client, const sockaddr_storage& peer) {
        admit(*self, client, peer);
      });
  if (!listener) return listener.error();
  door->listener = std::move(*listener);
  door->port = door->listener->port();
  doors_.push_back(std::move(door));
  return {};
}

void Worker::admit(const Door& door, int fd, const sockaddr_storage& peer) {
  if (door.transport == Transport::kPlain) {
    server_->serve(fd, peer, door.port);
    return;
  }
  const auto& acceptor = door.transport == Transport::kTls ? tls_.apis : tls_.control;
  if (acceptor != nullptr) {
    server_->serve(fd, peer, door.port, acceptor);
  } else {
    ::close(fd);  // no certificate to show: there is nothing to say in plain
  }
}

void Worker::addListener(int fd, std::uint16_t port, Transport transport) {
  loop_.post([this, fd, port, transport] {
    if (server_->draining()) {
      ::close(fd);
    } else if (const auto opened = open(fd, port, transport); !opened) {
      TYKPP_LOG(err, "main", "{}", opened.error().message());
    }
  });
}

void Worker::removeListener(std::uint16_t port) {
  loop_.post([this, port] {
    const auto found = std::find_if(doors_.begin(), doors_.end(),
                                    [port](const auto& door) { return door->port == port; });
    if (found == doors_.end()) return;
    (*found)->listener->closeEmpty();
    doors_.erase(found);
  });
}

void Worker::setTls(TlsSetup tls, std::function<void()> adopted) {
  loop_.post([this, tls = std::move(tls), adopted = std::move(adopted)]() mutable {
    std::swap(tls_, tls);
    pool_.setCertificates(tls_.certificates);
    if (adopted) adopted();
  });
}

void Worker::setCertificates(std::shared_ptr<const certs::CertificateSet> certificates) {
  loop_.post([this, certificates = std::move(certificates)]() mutable {
    pool_.setCertificates(certificates);
    tls_.certificates = std::move(certificates);
  });
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
    for (const auto& door : doors_) door->listener->close();
    server_->drain();
  });
}

void Worker::abort() {
  loop_.post([this] { server_->abortAll(); });
}

}  // namespace tykpp::gateway
