#include "http/server.hpp"

#include <unistd.h>

#include <vector>

#include "http/impl/server_connection.hpp"

namespace tykpp::http {

Server::Server(net::Loop& loop, RequestHandler& handler, const ServerLimits& limits,
               std::uint32_t worker_index)
    : loop_(loop),
      handler_(handler),
      limits_(limits),
      worker_index_(worker_index),
      requests_(limits.first_request) {}

Server::~Server() = default;

void Server::serve(int fd, const sockaddr_storage& peer, std::uint16_t port,
                   std::shared_ptr<const net::TlsAcceptor> tls) {
  if (open_ >= limits_.max_connections || draining_) {
    counters_.refused.fetch_add(1, std::memory_order_relaxed);
    ::close(fd);
    return;
  }
  ServerConnection::run(new ServerConnection(*this, fd, peer, port, std::move(tls)));
}

void Server::drain() {
  draining_ = true;
  for (ServerConnection* connection = first_; connection != nullptr;) {
    ServerConnection* next = connection->next;  // draining an idle connection destroys it
    connection->drain();
    connection = next;
  }
}

void Server::abortAll() {
  draining_ = true;
  // Aborting one ends it, and may end others that it was waiting with; what is left after a walk
  // waits for something else than its socket and ends by itself.
  std::vector<ServerConnection*> all;
  for (ServerConnection* connection = first_; connection != nullptr;
       connection = connection->next) {
    all.push_back(connection);
  }
  for (ServerConnection* connection : all) {
    if (contains(connection)) connection->abort();
  }
}

bool Server::contains(const ServerConnection* wanted) const noexcept {
  for (const ServerConnection* connection = first_; connection != nullptr;
       connection = connection->next) {
    if (connection == wanted) return true;
  }
  return false;
}

void Server::add(ServerConnection& connection) noexcept {
  connection.previous = nullptr;
  connection.next = first_;
  if (first_ != nullptr) first_->previous = &connection;
  first_ = &connection;
  ++open_;
  counters_.connections.store(open_, std::memory_order_relaxed);
}

void Server::remove(ServerConnection& connection) noexcept {
  if (connection.previous != nullptr) {
    connection.previous->next = connection.next;
  } else {
    first_ = connection.next;
  }
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --open_;
  counters_.connections.store(open_, std::memory_order_relaxed);
}

}  // namespace tykpp::http
