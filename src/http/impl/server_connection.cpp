#include "http/impl/server_connection.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "http/client_watch.hpp"
#include "http/head_parser.hpp"
#include "http/status.hpp"
#include "net/listener.hpp"
#include "net/peer_certificates.hpp"

namespace tykpp::http {
namespace {
// What a client may still send behind an answer that ends the connection before we stop listening.
constexpr std::size_t kLingerBytes = 1024 * 1024;
// Pipelined requests answered in a row before others get a turn.
constexpr int kStreak = 32;
constexpr auto kLingerTime = std::chrono::seconds(2);
// A whole TLS handshake, however the client spreads it.
constexpr std::chrono::milliseconds kHandshakeTime{10000};
}  // namespace

/// Memory of a request in progress, not of an idle connection.
struct ServerConnection::Active {
  explicit Active(ServerConnection& connection)
      : arena(connection.server_.loop().blocks()),
        exchange(connection, connection.stream_, connection.input_, arena, connection.server_,
                 connection.server_.nextRequestId()) {}
  static void* operator new(std::size_t bytes) { return net::FramePool::allocate(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    net::FramePool::release(memory, bytes);
  }
  Arena arena;
  ServerExchange exchange;
};

ServerConnection::ServerConnection(Server& server, int fd, const sockaddr_storage& peer,
                                   std::uint16_t port, std::shared_ptr<const net::TlsAcceptor> tls)
    : server_(server),
      stream_(server.loop()),
      deadline_(server.loop().wheel(), &onDeadline, this),
      input_(server.loop().blocks()),
      tls_(std::move(tls)),
      port_(port),
      peer_port_(net::addressPort(peer)) {
  net::addressText(peer, peer_text_);
  stream_.socket().setWatcher(&onQuietEvent, this);
  stream_.socket().open(fd);
}

ServerConnection::~ServerConnection() { stream_.close(); }

net::Detached ServerConnection::run(ServerConnection* self) {
  const std::unique_ptr<ServerConnection> owner(self);
  Server& server = self->server_;
  server.add(*self);
  bool usable = self->stream_.socket().isOpen();
  if (usable && self->tls_ != nullptr) usable = co_await self->secure();
  if (usable) co_await self->loop();
  server.remove(*self);
}

void ServerConnection::onDeadline(net::Deadline&, void* self) {
  auto* connection = static_cast<ServerConnection*>(self);
  if (!connection->idle_)
    connection->server_.counters().timeouts.fetch_add(1, std::memory_order_relaxed);
  connection->cut(Errc::kTimeout);
}

void ServerConnection::onQuietEvent(void* self) {
  auto* connection = static_cast<ServerConnection*>(self);
  ServerExchange* exchange = connection->current_;
  if (exchange != nullptr && connection->stream_.socket().peerClosed()) tellGone(*exchange);
}

/// The handler goes last: it may end the exchange.
void ServerConnection::tellGone(ServerExchange& exchange) {
  ClientWatch::tell(exchange.exchange_);
  if (exchange.gone_ != nullptr) exchange.gone_(exchange.gone_owner_);
}

void ServerConnection::drain() {
  if (idle_) stream_.socket().cancel(Errc::kShuttingDown);
}

void ServerConnection::abort() { cut(Errc::kShuttingDown); }

void ServerConnection::cut(Errc reason) {
  // Whoever waits for this socket is resumed, and may destroy the connection before cancel()
  // returns. A handler that waits for something else is told that its client has gone.
  const bool elsewhere = !stream_.socket().awaited();
  ServerExchange* exchange = current_;
  stream_.socket().cancel(reason);
  if (elsewhere && exchange != nullptr) tellGone(*exchange);
}

net::Task<bool> ServerConnection::secure() {
  deadline_.after(std::min(kHandshakeTime, server_.limits().read_timeout));
  idle_ = false;  // one that says nothing counts as a timeout
  const Result<void> done = co_await stream_.accept(*tls_);
  tls_.reset();
  idle_ = true;
  if (done) {
    peer_certificates_ = stream_.peerCertificates();
    tls_facts_ = std::make_unique<net::TlsFacts>(stream_.tlsFacts());
    co_return true;
  }
  server_.counters().failed_handshakes.fetch_add(1, std::memory_order_relaxed);
  TYKPP_LOG(debug, "main", "TLS handshake error from {}: {}", peer_text_, done.error().message());
  if (done.error().code() == Errc::kBadRequest) co_await tellPlainClient();
  co_return false;
}

net::Task<void> ServerConnection::tellPlainClient() {
  static constexpr std::string_view kAnswer =
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  std::array<iovec, 1> out{{{const_cast<char*>(kAnswer.data()), kAnswer.size()}}};
  net::Stream::Write write = stream_.write(out);
  const net::IoResult written = co_await write;
  if (written) co_await linger();
}

net::Task<void> ServerConnection::loop() {
  deadline_.after(server_.limits().read_timeout);  // a client that connects has something to say
  net::Turns turns(kStreak);
  for (;;) {
    if (input_.empty() && !stream_.inputPending()) {
      idle_ = true;
      input_.release();
      net::Readable readable(stream_.socket());
      co_await readable;
      if (stream_.socket().cancelled()) co_return;
    }
    idle_ = false;
    if (turns.over()) {
      net::Yield yield(server_.loop());
      co_await yield;
    }
    deadline_.after(server_.limits().read_timeout);
    const std::size_t head_size = co_await readHead();
    if (head_size == 0) co_return;
    const bool go_on = co_await serveOne(head_size);
    if (!go_on) co_return;
    if (server_.draining()) {
      stream_.sayEnd();
      co_return;
    }
    deadline_.after(server_.limits().idle_timeout);
  }
}

net::Task<std::size_t> ServerConnection::readHead() {
  const std::size_t limit = server_.limits().max_head_bytes;
  std::size_t seen = 0;
  for (;;) {
    // One empty line before a request is let pass (RFC 9112 section 2.2).
    if (seen == 0 && input_.view().substr(0, 2) == "\r\n") input_.consume(2);
    const HeadScan scan = scanHead(input_.view(), seen);
    if (scan.end > 0 && scan.end <= limit) co_return scan.end;
    seen = input_.size();
    const std::size_t room = scan.bad || scan.end > 0 ? 0 : input_.prepare(limit);
    if (room == 0) {
      const auto active = std::make_unique<Active>(*this);
      const Error error =
          scan.bad ? Error(Errc::kBadRequest, Side::kClient, 400, "a line ends without CR")
                   : Error(Errc::kHeaderTooLarge, Side::kClient, 431, "request head too large");
      co_await refuse(*active, error);
      co_return 0;
    }
    net::Stream::Read read = stream_.read(input_.room(), room);
    const net::IoResult result = co_await read;
    if (!result) co_return 0;  // between requests this is how a connection ends
    input_.commit(result.bytes);
  }
}

net::Task<bool> ServerConnection::serveOne(std::size_t head_size) {
  const auto active = std::make_unique<Active>(*this);
  ServerExchange& sx = active->exchange;
  Exchange& exchange = sx.exchange();
  exchange.peer = {peer_text_, peer_port_, stream_.tls(), {}, {}, {}};
  if (tls_facts_ != nullptr) {
    exchange.peer.tls_version = tls_facts_->version;
    exchange.peer.tls_cipher = tls_facts_->cipher;
    exchange.peer.server_name = tls_facts_->server_name;
  }
  exchange.peer_certificates = peer_certificates_.get();
  exchange.started = server_.loop().now();
  server_.counters().requests.fetch_add(1, std::memory_order_relaxed);
  const std::string_view head = input_.view().substr(0, head_size);
  const Result<void> parsed = parseRequestHead(head, exchange.request());
  if (!parsed) {
    const Error error = parsed.error();
    co_await refuse(*active, error);
    co_return false;
  }
  input_.consume(
      head_size);  // the views stay: nothing moves until the exchange is over, see beginBody()
  exchange.close_after =
      !exchange.request().keep_alive || server_.limits().close_connections || server_.draining();
  sx.beginBody();
  if (server_.limits().max_body_bytes != 0 && !co_await admitBody(*active)) co_return false;
  deadline_.after(server_.limits().write_timeout);
  current_ = &sx;
  co_await server_.handler().handle(sx);
  current_ = nullptr;
  if (sx.aborted() || stream_.socket().cancelled()) co_return false;
  if (!sx.bodyDone() || exchange.close_after) {
    // What is still under way would make the kernel reset the connection and the answer with it.
    if (!sx.bodyDone() || !input_.empty()) {
      co_await linger();
    } else {
      stream_.sayEnd();
    }
    co_return false;
  }
  co_return true;
}

net::Task<bool> ServerConnection::admitBody(Active& active) {
  // As the reference: a declared length is judged at once, an unknown one after the body was read,
  // both before routing.
  ServerExchange& sx = active.exchange;
  const Request& request = sx.exchange().request();
  Result<void> admitted{};
  if (request.framing == BodyFraming::kLength &&
      request.content_length > server_.limits().max_body_bytes) {
    admitted = Error(Errc::kBodyTooLarge, Side::kClient, 413, "Request Entity Too Large");
  } else if (request.framing == BodyFraming::kChunked) {
    admitted = co_await sx.bufferBody(static_cast<std::size_t>(server_.limits().max_body_bytes));
  }
  if (admitted) co_return true;
  const Error error = admitted.error();
  if (error.code() != Errc::kClientGone) co_await refuse(active, error);
  co_return false;
}

net::Task<void> ServerConnection::refuse(Active& active, const Error& error) {
  server_.counters().bad_requests.fetch_add(1, std::memory_order_relaxed);
  TYKPP_LOG(debug, "main", "refused a request of {}: {}", peer_text_, error.message());
  Response& response = active.exchange.exchange().response();
  response.status = error.status();
  response.headers.clear();
  response.headers.add(HeaderId::kContentType, "text/plain; charset=utf-8");
  if (error.status() == 413) {
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.setBody("Request Entity Too Large\n");
  } else {
    response.setBody(std::to_string(error.status()) + " " +
                     std::string(reasonPhrase(error.status())));
  }
  active.exchange.closeAfter();
  deadline_.after(server_.limits().write_timeout);
  co_await active.exchange.sendLocal();
  input_.clear();
  co_await linger();
}

net::Task<void> ServerConnection::linger() {
  stream_.endSending();
  deadline_.after(kLingerTime);
  input_.clear();
  std::size_t thrown_away = 0;
  while (thrown_away < kLingerBytes) {
    const std::size_t room = input_.prepare(BlockPool::kBlockBytes);
    net::Stream::Read read = stream_.read(input_.room(), room);
    const net::IoResult result = co_await read;
    if (!result) co_return;
    thrown_away += result.bytes;
  }
}

}  // namespace tykpp::http
