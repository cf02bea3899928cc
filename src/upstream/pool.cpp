#include "upstream/pool.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace tykpp::upstream {
namespace {
constexpr std::size_t kKeptLarge = 16;
constexpr std::size_t kKeptPipes = 64;
constexpr int kPipeBytes = 1024 * 1024;
}  // namespace

Connection::Connection(net::Loop& loop, Pool& pool, std::shared_ptr<const Endpoint> endpoint)
    : stream(loop),
      deadline(loop.wheel(), &onDeadline, this),
      input(loop.blocks()),
      opened(loop.now()),
      pool_(pool),
      endpoint_(std::move(endpoint)) {
  stream.socket().setWatcher(&onQuietEvent, this);
}

Connection::~Connection() { stream.close(); }

void Connection::onDeadline(net::Deadline&, void* self) {
  auto* connection = static_cast<Connection*>(self);
  if (connection->link_ != nullptr) {
    connection->pool_.discard(connection);
  } else {
    connection->stream.socket().cancel(Errc::kTimeout);
  }
}

void Connection::onQuietEvent(void* self) {
  // An idle upstream that speaks or leaves cannot be trusted with the next request.
  auto* connection = static_cast<Connection*>(self);
  if (connection->link_ != nullptr && !connection->quiet()) connection->pool_.discard(connection);
}

bool Connection::quiet() {
  const net::Socket& socket = stream.socket();
  if (socket.peerClosed()) return false;
  if (!socket.readable()) return true;
  char byte = 0;
  bool nothing_yet = false;
  if (!stream.tls()) {
    // The last read took exactly what was there, so nobody knows whether there is more: the kernel
    // does.
    if (::recv(socket.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN)
      return false;
    stream.socket().readDrained();
    return true;
  }
  // Under TLS a session ticket may come at any time: only bytes of an answer, or an end, count.
  stream.tryRead(&byte, 1, nothing_yet);
  return nothing_yet;
}

Pool::~Pool() {
  while (idle_ring_ != nullptr) discard(idle_ring_);
  for (const Pipe& pipe : pipes_) {
    ::close(pipe.read_end);
    ::close(pipe.write_end);
  }
}

std::unique_ptr<Connection> Pool::take(const Endpoint& endpoint) {
  IdleList& list = endpoint.idle(worker_);
  while (list.first != nullptr) {
    Connection* connection = list.first;
    unlink(*connection);
    std::unique_ptr<Connection> taken(connection);
    if (options_.max_age.count() > 0 && loop_.now() - taken->opened > options_.max_age) continue;
    if (!taken->quiet()) continue;
    taken->reused = true;
    return taken;
  }
  return nullptr;
}

void Pool::put(std::unique_ptr<Connection> connection) {
  IdleList& list = connection->endpoint().idle(worker_);
  net::Socket& socket = connection->stream.socket();
  if (!connection->input.empty() || socket.cancelled() || socket.peerClosed()) return;
  if (list.size >= options_.max_idle_per_host ||
      (options_.max_idle != 0 && idle_ >= options_.max_idle))
    return;
  connection->input.release();
  connection->deadline.after(options_.idle_timeout);
  Connection* kept = connection.release();
  kept->next_ = list.first;
  kept->link_ = &list.first;
  if (list.first != nullptr) list.first->link_ = &kept->next_;
  list.first = kept;
  ++list.size;
  kept->ring_next_ = idle_ring_;
  kept->ring_previous_ = nullptr;
  if (idle_ring_ != nullptr) idle_ring_->ring_previous_ = kept;
  idle_ring_ = kept;
  ++idle_;
}

void Pool::unlink(Connection& connection) noexcept {
  *connection.link_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->link_ = connection.link_;
  connection.link_ = nullptr;
  if (connection.ring_previous_ != nullptr) {
    connection.ring_previous_->ring_next_ = connection.ring_next_;
  } else {
    idle_ring_ = connection.ring_next_;
  }
  if (connection.ring_next_ != nullptr)
    connection.ring_next_->ring_previous_ = connection.ring_previous_;
  --connection.endpoint().idle(worker_).size;
  --idle_;
}

void Pool::discard(Connection* connection) {
  unlink(*connection);
  delete connection;
}

std::unique_ptr<char[]> Pool::takeLarge() {
  if (large_.empty()) return std::unique_ptr<char[]>(new char[kLargeBytes]);
  auto block = std::move(large_.back());
  large_.pop_back();
  return block;
}

void Pool::giveLarge(std::unique_ptr<char[]> block) {
  if (large_.size() < kKeptLarge) large_.push_back(std::move(block));
}

Pool::Pipe Pool::takePipe() {
  if (!pipes_.empty()) {
    const Pipe pipe = pipes_.back();
    pipes_.pop_back();
    return pipe;
  }
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return {};
  ::fcntl(ends[1], F_SETPIPE_SZ,
          kPipeBytes);  // refused beyond the user's share: the default size does too
  return {ends[0], ends[1]};
}

void Pool::givePipe(Pipe pipe, bool clean) {
  if (pipe.read_end < 0) return;
  if (clean && pipes_.size() < kKeptPipes) {
    pipes_.push_back(pipe);
    return;
  }
  ::close(pipe.read_end);
  ::close(pipe.write_end);
}

}  // namespace tykpp::upstream
