#pragma once
// One worker: a thread with its own loop, listeners, connections and upstream pool. Shares nothing
// but immutable snapshots with the others.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/snapshot.hpp"
#include "http/server.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/timed_calls.hpp"
#include "upstream/pool.hpp"

namespace tykpp::gateway {

class Worker;

/// What is spoken on a port.
enum class Transport : std::uint8_t {
  kPlain,
  kTls,
  kControlTls,  ///< TLS of the control port, when that asks for other certificates than APIs do
};

/// TLS of all listeners; replaced as one.
struct TlsSetup {
  std::shared_ptr<const net::TlsAcceptor> apis;     ///< null: connections are closed
  std::shared_ptr<const net::TlsAcceptor> control;  ///< of Transport::kControlTls
  /// What calls to upstreams show and are held against.
  std::shared_ptr<const certs::CertificateSet> certificates;
};

/// A worker's hold on a snapshot. Counted without atomics: requests of one worker only.
struct Lease {
  std::shared_ptr<const Snapshot> snapshot;
  std::size_t requests = 0;
  bool current = true;
};

/// One request's hold on a lease.
class LeaseGuard {
 public:
  explicit LeaseGuard(Worker& worker) noexcept;
  ~LeaseGuard();
  LeaseGuard(const LeaseGuard&) = delete;
  LeaseGuard& operator=(const LeaseGuard&) = delete;
  const Snapshot* operator->() const noexcept { return lease_->snapshot.get(); }
  const Snapshot& operator*() const noexcept { return *lease_->snapshot; }

 private:
  Worker& worker_;
  Lease* lease_;
};

class Worker {
 public:
  /// What a worker is made of. `free_snapshot` takes snapshots back to the main thread.
  struct Settings {
    std::uint32_t index = 0;
    upstream::Pool::Options pool;
    std::function<void(std::shared_ptr<const Snapshot>)> free_snapshot;
  };
  explicit Worker(Settings settings);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Before start(): the handler outlives the worker's thread.
  void setServer(std::unique_ptr<http::Server> server) { server_ = std::move(server); }
  /// Before start(). @error as Listener::open
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port, Transport transport);
  /// Takes connections of a descriptor of Listener::bind. Thread: any.
  void addListener(int fd, std::uint16_t port, Transport transport);
  /// Takes no more connections of a port; open ones stay. Thread: any.
  void removeListener(std::uint16_t port);
  /// For connections from now on. Thread: any. @param adopted  called on this worker; may be empty
  void setTls(TlsSetup tls, std::function<void()> adopted);
  /// TlsSetup::certificates alone. Thread: any.
  void setCertificates(std::shared_ptr<const certs::CertificateSet> certificates);
  void start();
  /// Stops the loop and joins. Connections must be gone.
  void stop();

  /// Thread: any. @param adopted  called on this worker once new requests see the snapshot
  void publish(std::shared_ptr<const Snapshot> snapshot, std::function<void()> adopted);
  /// Closes listeners, ends idle connections, and the others after their answer. Thread: any.
  void drain();
  /// Cuts what is left. Thread: any.
  void abort();
  /// Open client connections. Thread: any.
  std::size_t connections() const noexcept {
    return server_->counters().connections.load(std::memory_order_relaxed);
  }

  net::Loop& loop() noexcept { return loop_; }
  net::TimedCalls& timedCalls() noexcept { return timed_calls_; }
  upstream::Pool& pool() noexcept { return pool_; }
  http::Server& server() noexcept { return *server_; }
  std::uint32_t index() const noexcept { return settings_.index; }

 private:
  friend class LeaseGuard;
  struct Door {
    std::uint16_t port = 0;
    Transport transport = Transport::kPlain;
    std::unique_ptr<net::Listener> listener;
  };
  Result<void> open(int fd, std::uint16_t port, Transport transport);
  void admit(const Door& door, int fd, const sockaddr_storage& peer);
  void adopt(std::shared_ptr<const Snapshot> snapshot);
  void release(Lease& lease);
  Settings settings_;
  net::Loop loop_;
  net::TimedCalls timed_calls_{loop_.wheel()};
  upstream::Pool pool_;
  std::unique_ptr<http::Server> server_;
  TlsSetup tls_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<std::unique_ptr<Lease>> leases_;
  Lease* current_ = nullptr;
  std::thread thread_;
};

}  // namespace tykpp::gateway
