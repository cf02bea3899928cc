#include "storage/impl/redis_link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace tykpp::storage {
namespace {

constexpr std::size_t kReadBytes = 32 * 1024;

std::string ioText(const net::IoResult& result) {
  switch (result.status) {
    case net::IoStatus::kEof:
      return "connection closed by Redis";
    case net::IoStatus::kError:
      return std::strerror(result.error);
    default:
      return "given up";
  }
}

/// No delay for small writes; a peer that vanished without a word is found after some 25 seconds.
void setOptions(int fd) {
  const auto set = [fd](int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

std::string Endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Endpoint parseEndpoint(std::string_view text, std::uint16_t port) {
  Endpoint endpoint{std::string(text), port};
  const std::size_t colon = text.rfind(':');
  const bool bare_v6 = text.find(':') != colon && !text.starts_with('[');
  if (colon != std::string_view::npos && !bare_v6 &&
      text.find(']', colon) == std::string_view::npos) {
    endpoint.host = text.substr(0, colon);
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), endpoint.port);
  }
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  if (endpoint.host.empty()) endpoint.host = "127.0.0.1";
  return endpoint;
}

RedisLink::RedisLink(net::Loop& loop, std::shared_ptr<RedisShared> shared)
    : loop_(loop),
      shared_(std::move(shared)),
      stream_(loop),
      deadline_(
          loop.wheel(),
          [](net::Deadline&, void* self) { static_cast<RedisLink*>(self)->cancel(Errc::kTimeout); },
          this),
      buffer_(kReadBytes) {}

void RedisLink::cancel(Errc reason) {
  if (reason == Errc::kShuttingDown) reason_ = reason;  // for good: open() refuses from now on
  if (std::exchange(cancelled_, true)) return;
  reason_ = reason;
  if (lookup_ != nullptr) {
    lookup_->abandon(reason);
  } else {
    stream_.socket().cancel(reason);
  }
}

void RedisLink::close() noexcept {
  deadline_.clear();
  stream_.close();
  reader_.reset();
}

Error RedisLink::failed(const Error& cause, const Endpoint& to) {
  const bool late = cancelled_ && reason_ == Errc::kTimeout;
  if (late) fault_ = RedisFault::kTimeout;
  if (fault_ == RedisFault::kNone) fault_ = RedisFault::kUnreachable;
  const std::string why = late ? "no answer in time" : cause.message();
  const std::string detail = cause.detail().empty() ? "" : " (" + cause.detail() + ")";
  return Error(late ? Errc::kTimeout : Errc::kIo, "Redis " + to.text() + ": " + why + detail);
}

net::Task<Result<void>> RedisLink::open(Endpoint to, std::vector<RedisCommand> greetings) {
  close();
  if (cancelled_ && reason_ == Errc::kShuttingDown) co_return Error(reason_, "given up");
  cancelled_ = false;
  fault_ = RedisFault::kNone;
  deadline_.after(shared_->options.address.timeout);
  Result<void> done = co_await connect(to);
  if (done) done = co_await greet(std::move(greetings));
  deadline_.clear();
  if (done && !cancelled_) co_return Result<void>{};
  Error error = failed(done ? Error(reason_, "given up") : done.error(), to);
  stream_.close();
  co_return error;
}

net::Task<Result<void>> RedisLink::connect(const Endpoint& to) {
  net::Addresses addresses(1);
  if (!net::parseLiteral(to.host, addresses.front())) {
    net::Resolver::Lookup lookup(shared_->resolver, loop_, to.host);
    lookup_ = &lookup;
    auto found = co_await lookup;
    lookup_ = nullptr;
    if (!found) co_return found.error();
    addresses = **found;
  }
  Result<void> done = Error(Errc::kDnsFailed, "no address");
  for (net::Address& address : addresses) {
    if (cancelled_) co_return Error(reason_, "given up");
    address.setPort(to.port);
    done = co_await connectTo(address, to.host);
    if (done) break;
  }
  co_return done;
}

net::Task<Result<void>> RedisLink::connectTo(const net::Address& address, const std::string& host) {
  stream_.close();
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || !stream_.socket().open(fd)) {
    co_return Error(Errc::kConnectFailed, std::strerror(errno));
  }
  setOptions(fd);
  Result<void> done = co_await stream_.connect(address.get(), address.size);
  if (done && shared_->tls) {
    const bool verify = shared_->options.tls.verify;
    done = co_await stream_.handshake(shared_->tls.get(), host, verify);
  }
  co_return done;
}

net::Task<Result<void>> RedisLink::greet(std::vector<RedisCommand> greetings) {
  greetings.push_back({"PING"});
  std::string text;
  for (const RedisCommand& words : greetings) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    appendCommand(text, views);
  }
  Result<void> written = co_await write(std::move(text));
  if (!written) co_return written;
  for (std::size_t i = 0; i < greetings.size(); ++i) {
    Result<Reply> reply = co_await next();
    if (!reply) co_return reply.error();
    if (!isError(*reply)) continue;
    fault_ = faultOf(textOf(**reply));
    if (fault_ == RedisFault::kNone) fault_ = RedisFault::kProtocol;
    co_return Error(Errc::kIo, textCopy(**reply));
  }
  co_return Result<void>{};
}

net::Task<Result<void>> RedisLink::write(std::string text) {
  iovec piece{text.data(), text.size()};
  const std::span<iovec> pieces(&piece, 1);
  const net::IoResult result = co_await stream_.write(pieces);
  if (!result) co_return Error(Errc::kIo, ioText(result));
  co_return Result<void>{};
}

net::Task<Result<Reply>> RedisLink::ask(RedisCommand words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  std::string text;
  appendCommand(text, views);
  deadline_.after(shared_->options.address.timeout);
  Result<void> written = co_await write(std::move(text));
  if (!written) {
    deadline_.clear();
    co_return written.error();
  }
  Result<Reply> reply = co_await next();
  deadline_.clear();
  co_return reply;
}

net::Task<Result<Reply>> RedisLink::next() {
  for (;;) {
    Result<Reply> reply = reader_.next();
    if (!reply || *reply) co_return reply;
    const net::IoResult result = co_await stream_.read(buffer_.data(), buffer_.size());
    if (!result) co_return Error(cancelled_ ? reason_ : Errc::kIo, ioText(result));
    reader_.feed(buffer_.data(), result.bytes);
  }
}

}  // namespace tykpp::storage
