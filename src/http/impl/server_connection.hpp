#pragma once
#include <optional>

#include "http/server_exchange.hpp"

namespace tykpp::http {

/// One client connection: the keep-alive loop. Owned by its own coroutine. An idle one holds this
/// object, one coroutine frame and no buffer.
class ServerConnection {
 public:
  ServerConnection(Server& server, int fd, const sockaddr_storage& peer, std::uint16_t port,
                   std::shared_ptr<const net::TlsAcceptor> tls);
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  /// The root coroutine; destroys the connection when it ends.
  static net::Detached run(ServerConnection* self);
  /// Draining: closes now when idle.
  void drain();
  void abort();
  void progressed(std::chrono::milliseconds timeout) { deadline_.after(timeout); }
  void rest() { deadline_.clear(); }
  std::uint16_t port() const noexcept { return port_; }

  ServerConnection* next = nullptr;
  ServerConnection* previous = nullptr;

 private:
  struct Active;
  static void onDeadline(net::Deadline&, void* self);
  static void onQuietEvent(void* self);
  static void tellGone(ServerExchange& exchange);
  void cut(Errc reason);
  /// @return whether there is a connection to serve requests on
  net::Task<bool> secure();
  net::Task<void> tellPlainClient();
  net::Task<void> loop();
  net::Task<std::size_t> readHead();
  net::Task<bool> serveOne(std::size_t head_size);
  net::Task<bool> admitBody(Active& active);
  net::Task<void> refuse(Active& active, const Error& error);
  net::Task<void> linger();
  Server& server_;
  net::Stream stream_;
  net::Deadline deadline_;
  ReadBuffer input_;
  ServerExchange* current_ = nullptr;  // while a handler runs
  bool idle_ = true;
  std::shared_ptr<const net::TlsAcceptor> tls_;  // until the handshake is over
  std::shared_ptr<const net::PeerCertificates> peer_certificates_;
  std::unique_ptr<const net::TlsFacts> tls_facts_;  // null: plain HTTP
  std::uint16_t port_;
  std::uint16_t peer_port_;
  char peer_text_[64];
};

}  // namespace tykpp::http
