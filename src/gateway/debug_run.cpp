#include "gateway/debug_run.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "gateway/pipeline.hpp"
#include "gateway/request_probe.hpp"

namespace tykpp::gateway {
namespace {

constexpr auto kReapEvery = std::chrono::milliseconds(100);

http::ServerLimits runLimits(const DebugRun::Parts& parts) {
  http::ServerLimits limits;
  limits.read_timeout = limits.write_timeout = limits.idle_timeout = parts.patience;
  limits.max_head_bytes = static_cast<std::size_t>(parts.shared.config.max_header_size);
  limits.max_connections = 1;
  limits.close_connections = true;
  limits.first_request = parts.first_request;
  return limits;
}

/// Who asks: this machine.
sockaddr_storage loopback() {
  sockaddr_storage out{};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::memcpy(&out, &address, sizeof address);
  return out;
}

}  // namespace

/// What lives on the worker.
struct DebugRun::Live {
  Live(const Parts& parts, DebugRun* self)
      : probe(parts.snapshot, *parts.log, {parts.request.body, parts.wire.host_given}),
        pipeline(parts.worker, parts.shared, &probe),
        server(parts.worker.loop(), pipeline, runLimits(parts), parts.worker.index()),
        client(parts.worker.loop()),
        timeout(parts.worker.loop().wheel(), &onTimeout, self),
        tick(parts.worker.loop().wheel(), &onTick, self) {}
  RequestProbe probe;
  Pipeline pipeline;
  http::Server server;
  net::Stream client;
  net::Deadline timeout;
  net::Deadline tick;
  std::string received;
  bool sending = false;
  bool receiving = false;
  bool cut = false;  // more came than is kept
  bool delivered = false;
  bool closed = false;
};

DebugRun::DebugRun(Parts parts) : parts_(std::move(parts)) {}
DebugRun::~DebugRun() = default;

void DebugRun::start() {
  live_ = std::make_unique<Live>(parts_, this);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail(std::string("socketpair: ") + std::strerror(errno));
    return settle();
  }
  if (!live_->client.socket().open(ends[0])) {
    ::close(ends[1]);
    fail("the socket cannot be watched");
    return settle();
  }
  live_->timeout.after(parts_.patience);
  live_->server.serve(ends[1], loopback(), parts_.shared.api_port);
  live_->sending = live_->receiving = true;
  send(shared_from_this());
  receive(shared_from_this());
}

net::Detached DebugRun::send(std::shared_ptr<DebugRun> self) {
  std::string& bytes = self->parts_.wire.bytes;
  std::array<iovec, 1> pieces{{{bytes.data(), bytes.size()}}};
  net::Stream::Write write = self->live_->client.write(pieces);
  // An API that answers before it has read the body leaves the rest of it.
  co_await write;
  self->live_->sending = false;
  self->settle();
}

net::Detached DebugRun::receive(std::shared_ptr<DebugRun> self) {
  Live& live = *self->live_;
  std::vector<char> piece(64 * 1024);
  while (!live.cut) {
    net::Stream::Read read = live.client.read(piece.data(), piece.size());
    const net::IoResult got = co_await read;
    if (!got) break;
    live.received.append(piece.data(), got.bytes);
    live.cut = live.received.size() >= kMaxAnswerBytes;
  }
  live.receiving = false;
  self->answered();
  self->settle();
}

void DebugRun::answered() {
  if (live_->delivered) return;
  log::Capture& log = *parts_.log;
  auto answer = http::wireAnswer(std::move(live_->received), parts_.request.method,
                                 parts_.worker.loop().blocks());
  if (!answer) {
    fail("the request ended without an answer: " + answer.error().message());
    return;
  }
  if (live_->cut || answer->partial) {
    log.add(spdlog::level::warn, live_->cut ? "the answer is too large and shown in part"
                                            : "the answer ended before it was whole");
  }
  log.add(spdlog::level::debug, "Request answered", answer->status);
  admin::DebugOutcome outcome;
  outcome.end = admin::DebugOutcome::End::kAnswered;
  const std::string& seen = live_->probe.request();
  // A request that no pipeline got, the server refused.
  outcome.dump = "====== Request ======\n" + (seen.empty() ? parts_.wire.bytes : seen) +
                 "\n====== Response ======\n" + answer->text;
  deliver(std::move(outcome));
}

void DebugRun::fail(std::string why) {
  admin::DebugOutcome outcome;
  outcome.failure = std::move(why);
  deliver(std::move(outcome));
}

void DebugRun::deliver(admin::DebugOutcome outcome) {
  if (std::exchange(live_->delivered, true)) return;
  parts_.log->stop();
  outcome.logs = parts_.log->lines();
  parts_.done(std::move(outcome));
}

void DebugRun::giveUp(const std::string& why) {
  if (live_ == nullptr) return;  // it has ended
  const std::shared_ptr<DebugRun> self = shared_from_this();
  fail(why);
  live_->server.abortAll();
  live_->client.socket().cancel(Errc::kShuttingDown);
  settle();
}

void DebugRun::onTimeout(net::Deadline& /*deadline*/, void* self) {
  auto& run = *static_cast<DebugRun*>(self);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(run.parts_.patience);
  run.giveUp("no answer within " + std::to_string(seconds.count()) + " seconds");
}

/// The client's side ends when both directions have; then the server's, which may take a while
/// longer.
void DebugRun::settle() {
  if (live_->closed) return;
  // Who still sends has nobody that reads.
  if (!live_->receiving && live_->sending) {
    live_->client.socket().cancel(Errc::kShuttingDown);
    return;
  }
  if (live_->receiving || live_->sending) return;
  live_->closed = true;
  live_->client.close();
  live_->timeout.clear();
  reapSoon();
}

void DebugRun::onTick(net::Deadline& /*deadline*/, void* self) {
  static_cast<DebugRun*>(self)->reapSoon();
}

void DebugRun::reapSoon() {
  parts_.worker.loop().post([self = shared_from_this()]() mutable {
    DebugRun& run = *self;
    run.reap(std::move(self));
  });
}

void DebugRun::reap(std::shared_ptr<DebugRun> self) {
  if (live_->server.openConnections() > 0) {
    live_->tick.after(kReapEvery);
    return;
  }
  live_.reset();
  const auto ended = std::move(parts_.ended);
  ended(std::move(self));  // by now the main thread may have freed it
}

}  // namespace tykpp::gateway
