#pragma once
// The upstream connections of one worker.

#include <chrono>
#include <memory>
#include <vector>

#include "http/read_buffer.hpp"
#include "net/deadline.hpp"
#include "net/stream.hpp"
#include "upstream/endpoint.hpp"

namespace tykpp::certs {
class CertificateSet;
}

namespace tykpp::upstream {

class Pool;

/// A connection to an upstream: in a call's hands or idle in its endpoint's list. Thread: its
/// worker.
class Connection {
 public:
  Connection(net::Loop& loop, Pool& pool, std::shared_ptr<const Endpoint> endpoint);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  static void* operator new(std::size_t bytes) { return net::FramePool::allocate(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    net::FramePool::release(memory, bytes);
  }

  net::Stream stream;
  net::Deadline
      deadline;  ///< cancels the socket with kTimeout while in a call; ends an idle connection
  http::ReadBuffer input;
  bool reused = false;  ///< has served a request before
  Clock::time_point opened;
  const Endpoint& endpoint() const noexcept { return *endpoint_; }
  /// Nothing has come since the last answer: the connection may serve another request.
  bool quiet();

 private:
  friend class Pool;
  static void onDeadline(net::Deadline&, void* self);
  static void onQuietEvent(void* self);
  Pool& pool_;
  std::shared_ptr<const Endpoint> endpoint_;
  Connection* next_ = nullptr;
  Connection** link_ = nullptr;  // null: not idle
  Connection* ring_next_ = nullptr;
  Connection* ring_previous_ = nullptr;
};

/// Thread: its worker.
class Pool {
 public:
  struct Options {
    std::size_t max_idle = 0;             ///< of this worker, 0: no bound (max_idle_connections)
    std::size_t max_idle_per_host = 100;  ///< of this worker (max_idle_connections_per_host)
    std::chrono::seconds idle_timeout{90};
    std::chrono::seconds max_age{0};  ///< 0: none (max_conn_time)
  };
  Pool(net::Loop& loop, std::uint32_t worker, const Options& options)
      : loop_(loop), worker_(worker), options_(options) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// The idle connection used last, or null.
  std::unique_ptr<Connection> take(const Endpoint& endpoint);
  /// Keeps a connection whose answer was read to its end, or closes it.
  void put(std::unique_ptr<Connection> connection);
  net::Loop& loop() noexcept { return loop_; }
  /// Certificates that targets are given by name, and keys they are held against; null before the
  /// first load.
  const std::shared_ptr<const certs::CertificateSet>& certificates() const noexcept {
    return certificates_;
  }
  /// For connections from now on.
  void setCertificates(std::shared_ptr<const certs::CertificateSet> certificates) {
    certificates_ = std::move(certificates);
  }
  std::size_t idle() const noexcept { return idle_; }

  /// Memory for large bodies, shared by the calls of this worker.
  static constexpr std::size_t kLargeBytes = 128 * 1024;
  std::unique_ptr<char[]> takeLarge();
  void giveLarge(std::unique_ptr<char[]> block);
  /// A pipe to splice through, {-1,-1} when the process has no descriptors left.
  struct Pipe {
    int read_end = -1;
    int write_end = -1;
  };
  Pipe takePipe();
  /// @param clean  nothing is in it; else it is closed
  void givePipe(Pipe pipe, bool clean);

 private:
  friend class Connection;
  void discard(Connection* connection);
  void unlink(Connection& connection) noexcept;
  net::Loop& loop_;
  std::uint32_t worker_;
  Options options_;
  std::size_t idle_ = 0;
  Connection* idle_ring_ = nullptr;  // every idle connection of this worker, for the end
  std::vector<std::unique_ptr<char[]>> large_;
  std::vector<Pipe> pipes_;
  std::shared_ptr<const certs::CertificateSet> certificates_;
};

}  // namespace tykpp::upstream
