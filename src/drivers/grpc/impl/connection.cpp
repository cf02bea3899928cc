#include "drivers/grpc/impl/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "drivers/grpc/impl/lane.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// A connection that takes longer is given up; a Java server needs a second for its first one.
constexpr auto kConnectTime = std::chrono::seconds(10);
/// A server that answers no ping in that time is gone.
constexpr auto kPingTime = std::chrono::seconds(20);
/// Answers to the server's pings go with the next call, and after this time alone.
constexpr auto kPingAnswerDelay = std::chrono::milliseconds(5);
constexpr std::size_t kPullBytes = 128U << 10;
/// A buffer that grew beyond this is let go once it is empty.
constexpr std::size_t kKeptOutputBytes = 256U << 10;
/// Reads in one turn; other sockets have theirs then.
constexpr int kReadsPerTurn = 8;

std::string ioText(const net::IoResult& result) {
  return result.status == net::IoStatus::kEof ? "the server closed the connection"
                                              : std::strerror(result.error);
}

}  // namespace

/// Waits until the server's settings came or the connection ended.
struct Connection::Established {
  Connection& connection;
  bool await_ready() const noexcept { return connection.ready_ || connection.closed_; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { connection.opening_ = caller; }
  void await_resume() const noexcept {}
};

Connection::Connection(Owner& owner, Lane& lane, const Dialing& dialing)
    : owner_(owner),
      lane_(lane),
      dialing_(dialing),
      stream_(lane.loop()),
      timer_(
          lane.loop().wheel(),
          [](net::Deadline&, void* self) { static_cast<Connection*>(self)->onTimer(); }, this),
      ping_answers_(
          lane.loop().wheel(),
          [](net::Deadline&, void* connection) {
            auto& self = *static_cast<Connection*>(connection);
            if (self.closed_) return;
            self.session_->answerPings();
            self.lane_.atEndOfTurn(self);
            self.lane_.settle();
          },
          this) {
  room_.connection = this;
  room_.handle = std::noop_coroutine();
  room_.attempt = [](net::Waiter& waiter) {
    Connection& self = *static_cast<Room&>(waiter).connection;
    self.blocked_ = false;
    self.lane_.atEndOfTurn(self);
    return true;
  };
}

Connection::~Connection() = default;

net::Task<Result<void>> Connection::connect(const Peer& peer) {
  const int family = peer.address.storage.ss_family;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || !stream_.socket().open(fd)) {
    co_return Error(Errc::kConnectFailed, std::strerror(errno));
  }
  const int on = 1;
  if (family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Result<void> done = co_await stream_.connect(peer.address.get(), peer.address.size);
  if (!done || !dialing_.tls) co_return done;
  const std::string& name = dialing_.server_name.empty() ? peer.host : dialing_.server_name;
  done = co_await stream_.handshake(dialing_.tls.get(), name, true);
  if (done && !stream_.negotiated("h2")) {
    co_return Error(Errc::kTlsFailed, "the server does not offer HTTP/2 (ALPN)");
  }
  co_return done;
}

void Connection::beginSession(const Peer& peer) {
  H2Session::Options options;
  options.tls = dialing_.tls != nullptr;
  options.authority = dialing_.authority.empty() ? peer.authority : dialing_.authority;
  options.max_reply = dialing_.max_reply;
  session_ = std::make_unique<H2Session>(*this, std::move(options));
  stream_.socket().setWatcher([](void* self) { static_cast<Connection*>(self)->read(); }, this);
  flush();
  if (!closed_) read();  // bytes that came meanwhile raise no event
}

net::Task<Result<void>> Connection::open(const Peer& peer) {
  timer_.after(kConnectTime);
  connecting_ = true;
  Result<void> done = co_await connect(peer);
  connecting_ = false;
  if (done && !closed_) {
    beginSession(peer);
    Established established{*this};
    co_await established;
  }
  if (ready_ && !closed_) {
    timer_.clear();
    since_ = last_read_ = lane_.loop().now();
    co_return done;
  }
  std::string why = closed_ ? closed_why_ : done.error().message();
  closed_ = true;
  timer_.clear();
  stream_.close();
  co_return Error(Errc::kConnectFailed, std::move(why));
}

void Connection::giveBack(const std::string& why) {
  if (session_) session_->abandon({StatusCode::kUnavailable, why}, accepted_);
}

void Connection::close(const std::string& why) {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  closed_why_ = why;
  timer_.clear();
  if (ready_ && !blocked_) {
    session_->goAway();
    session_->pull(out_, kPullBytes);
    writeSome();
  }
  ready_ = false;
  giveBack(why);
  if (connecting_) {
    stream_.socket().cancel(Errc::kTimeout);  // open() goes on, and closes
    return;
  }
  stream_.close();
  if (opening_) std::exchange(opening_, {}).resume();
}

/// The connection has ended by itself.
void Connection::lose(const std::string& why) {
  if (closed_) return;
  const auto self = shared_from_this();
  const bool established = std::exchange(ready_, false) && !opening_;
  closed_ = true;
  closed_why_ = why;
  timer_.clear();
  stream_.close();
  giveBack(why);
  if (established) {
    owner_.onLost(*this, why);
  } else if (opening_) {
    std::exchange(opening_, {}).resume();
  }
}

bool Connection::start(Call& call) {
  char buffer[16];
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(call.expires_ - lane_.loop().now());
  call.timeout = timeoutText(left.count(), buffer);
  if (!session_->start(call)) {
    call.timeout = {};
    retire();
    owner_.onDraining(*this);
    return false;
  }
  call.timeout = {};
  call.connection_ = this;
  if (dialing_.keepalive.count() > 0 && !timer_.armed()) {
    last_read_ = lane_.loop().now();
    timer_.after(dialing_.keepalive);
  }
  lane_.atEndOfTurn(*this);
  return true;
}

void Connection::cancel(Call& call) {
  call.connection_ = nullptr;
  session_->cancel(call);
  lane_.atEndOfTurn(*this);
}

void Connection::retire() {
  draining_ = true;
  lane_.atEndOfTurn(*this);
}

void Connection::endOfTurn() {
  listed_ = false;
  if (closed_) return;
  if (std::exchange(more_, false)) read();
  flush();
}

void Connection::read() {
  const auto self = shared_from_this();
  const std::span<char> buffer = lane_.input();
  net::Socket& socket = stream_.socket();
  for (int reads = 0; !closed_ && (stream_.tls() || socket.readable()); ++reads) {
    if (reads == kReadsPerTurn) {
      more_ = true;
      break;
    }
    bool would_block = false;
    const net::IoResult result = stream_.tryRead(buffer.data(), buffer.size(), would_block);
    if (would_block) break;
    if (!result) {
      lose(session_->error().empty() ? ioText(result) : session_->error());
      break;
    }
    last_read_ = lane_.loop().now();
    pinged_ = false;
    if (!session_->feed(buffer.data(), result.bytes)) lose(session_->error());
  }
  if (stream_.tls()) blocked_ = false;  // what TLS had to read first may be there
  if (!closed_) lane_.atEndOfTurn(*this);
  if (ready_ && opening_) std::exchange(opening_, {}).resume();
  lane_.settle();
}

/// @return false when the kernel takes no more now, or the connection is lost
bool Connection::writeSome() {
  while (out_sent_ < out_.size()) {
    const iovec piece{out_.data() + out_sent_, out_.size() - out_sent_};
    bool would_block = false;
    const net::IoResult result = stream_.tryWrite({&piece, 1}, would_block);
    if (would_block) {
      blocked_ = true;
      stream_.socket().waitWrite(room_);
      return false;
    }
    if (!result) {
      lose(ioText(result));
      return false;
    }
    out_sent_ += result.bytes;
    accepted_ += result.bytes;
  }
  return true;
}

void Connection::pullAll() {
  session_->pull(out_, kPullBytes);
  if (!session_->owesPings()) return;
  if (out_.empty()) {
    if (!ping_answers_.armed()) ping_answers_.after(kPingAnswerDelay);
    return;
  }
  session_->answerPings();
  session_->pull(out_, kPullBytes);
}

/// Everything that calls of this turn have to say goes out in one piece.
void Connection::flush() {
  if (blocked_ || closed_) return;
  const auto self = shared_from_this();
  for (;;) {
    if (!writeSome()) return;
    out_.clear();
    out_sent_ = 0;
    pullAll();
    if (out_.empty()) break;
  }
  if (out_.capacity() > kKeptOutputBytes) std::string().swap(out_);
  if (session_->over() || (draining_ && session_->active() == 0)) {
    lose(session_->error().empty() ? "the server ended the connection" : session_->error());
  }
}

void Connection::onTimer() {
  if (!ready_) {
    close("no connection in 10 s");
  } else if (!closed_) {
    keepAlive(lane_.loop().now());
  }
  lane_.settle();
}

/// Pings a server that is silent while calls wait.
void Connection::keepAlive(Clock::time_point now) {
  if (pinged_ && now - ping_sent_ >= kPingTime) {
    lose("the server answers no ping");
    return;
  }
  if (session_->active() == 0) return;  // the next call arms the timer again
  if (!pinged_ && now - last_read_ >= dialing_.keepalive) {
    session_->ping();
    lane_.atEndOfTurn(*this);
    pinged_ = true;
    ping_sent_ = now;
  }
  timer_.at(pinged_ ? ping_sent_ + kPingTime : last_read_ + dialing_.keepalive);
}

void Connection::onSettings() {
  if (closed_) return;
  const bool first = !std::exchange(ready_, true);
  if (!first) owner_.onRoom();
}

void Connection::onGoAway() {
  if (std::exchange(draining_, true)) return;
  if (opening_ || !ready_) return;  // open() or its caller will find out
  owner_.onDraining(*this);
}

void Connection::onEnd(Rpc& rpc, bool unprocessed) {
  auto& call = static_cast<Call&>(rpc);
  call.connection_ = nullptr;
  owner_.onEnd(call, unprocessed);
  if (closed_) return;
  if (draining_) lane_.atEndOfTurn(*this);
  owner_.onRoom();
}

bool Connection::take(Rpc& rpc, std::size_t bytes) {
  return lane_.hold(static_cast<Call&>(rpc), bytes);
}

}  // namespace tykpp::drivers::grpc
