#pragma once
// The HTTP/1.1 server of one worker: takes accepted connections, parses requests and hands each to
// the RequestHandler (the door to gateway/). In: sockets from net::Listener. Out: ServerExchange,
// on which the handler answers. Thread: everything here belongs to one worker.

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "http/exchange.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"
#include "net/tls_acceptor.hpp"

namespace tykpp::http {

class ServerExchange;
class ServerConnection;

/// Answers requests. Implemented by gateway::Pipeline.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  /// Must leave an answer on the exchange, or abort it. Runs on the connection's worker.
  virtual net::Task<void> handle(ServerExchange& exchange) = 0;
};

/// Limits of one listener's connections. Defaults are those of the configuration keys in the
/// comments.
struct ServerLimits {
  std::chrono::milliseconds read_timeout{
      120000};  ///< whole head; each read of a body (http_server_options.read_timeout)
  std::chrono::milliseconds write_timeout{
      120000};  ///< each write that makes no progress (…write_timeout)
  std::chrono::milliseconds idle_timeout{120000};  ///< between requests (idle_timeout)
  std::size_t max_head_bytes = 1024 * 1024;        ///< max_header_size
  std::uint64_t max_body_bytes = 0;                ///< 0: no limit (…max_request_body_size)
  std::size_t max_connections = 100000;            ///< of this worker
  bool close_connections = false;                  ///< answer every request with Connection: close
  std::uint64_t first_request = 0;                 ///< numbers of requests begin behind this one
};

/// Written by its worker, read by any thread.
struct ServerCounters {
  std::atomic<std::uint64_t> connections{0};  ///< open now
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> refused{0};  ///< connections over the limit
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> failed_handshakes{0};
};

/// The connections of one worker.
class Server {
 public:
  Server(net::Loop& loop, RequestHandler& handler, const ServerLimits& limits,
         std::uint32_t worker_index);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves an accepted connection; takes the descriptor.
  /// @param port  of the listener it came in by
  /// @param tls  does the handshake; null: plain HTTP
  void serve(int fd, const sockaddr_storage& peer, std::uint16_t port,
             std::shared_ptr<const net::TlsAcceptor> tls = nullptr);
  /// Closes idle connections and the others as soon as their answer is out.
  void drain();
  /// Cuts every connection.
  void abortAll();
  std::size_t openConnections() const noexcept { return open_; }

  net::Loop& loop() noexcept { return loop_; }
  RequestHandler& handler() noexcept { return handler_; }
  const ServerLimits& limits() const noexcept { return limits_; }
  ServerCounters& counters() noexcept { return counters_; }
  std::uint32_t workerIndex() const noexcept { return worker_index_; }
  bool draining() const noexcept { return draining_; }
  std::uint64_t nextRequestId() noexcept {
    return (std::uint64_t{worker_index_} << 48) | ++requests_;
  }

 private:
  friend class ServerConnection;
  void add(ServerConnection& connection) noexcept;
  void remove(ServerConnection& connection) noexcept;
  bool contains(const ServerConnection* wanted) const noexcept;
  net::Loop& loop_;
  RequestHandler& handler_;
  ServerLimits limits_;
  std::uint32_t worker_index_;
  ServerCounters counters_;
  ServerConnection* first_ = nullptr;
  std::size_t open_ = 0;
  std::uint64_t requests_;
  bool draining_ = false;
};

}  // namespace tykpp::http
