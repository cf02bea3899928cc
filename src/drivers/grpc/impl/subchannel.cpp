#include "drivers/grpc/impl/subchannel.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "drivers/grpc/impl/lane.hpp"

namespace tykpp::drivers::grpc {
namespace {

constexpr Clock::duration kFirstPause = std::chrono::milliseconds(100);
constexpr Clock::duration kLastPause = std::chrono::seconds(2);
/// Connections that a server has told to end while calls go on; the oldest has to give way.
constexpr std::size_t kMaxDraining = 16;

}  // namespace

Subchannel::Subchannel(Owner& owner, Lane& lane, const Dialing& dialing, std::vector<Peer> peers)
    : owner_(owner),
      lane_(lane),
      dialing_(dialing),
      peers_(std::move(peers)),
      retry_(
          lane.loop().wheel(),
          [](net::Deadline&, void* self) {
            auto& subchannel = *static_cast<Subchannel*>(self);
            subchannel.owner_.onAgain();
            subchannel.connect();
          },
          this),
      pause_(kFirstPause) {}

Subchannel::~Subchannel() = default;

void Subchannel::connect() {
  if (!closed_ && !attempting_ && connection_ == nullptr) attempt();
}

net::Detached Subchannel::attempt() {
  const auto self = shared_from_this();
  attempting_ = true;
  last_attempt_ = lane_.loop().now();
  const std::vector<Peer> peers = peers_;
  std::string why = "it has no address";
  for (const Peer& peer : peers) {
    const auto connection = std::make_shared<Connection>(*this, lane_, dialing_);
    connection_ = connection;
    const Result<void> opened = co_await connection->open(peer);
    if (closed_) break;
    if (opened) {
      attempting_ = false;
      failures_ = 0;
      owner_.onRoom();
      lane_.settle();
      co_return;
    }
    why = peer.text + ": " + opened.error().message();
  }
  attempting_ = false;
  connection_.reset();
  if (!closed_) failed(std::move(why));
}

/// The next try begins when the pause since the last one is over.
void Subchannel::again() {
  const Clock::time_point now = lane_.loop().now();
  const Clock::time_point next = last_attempt_ + pause_;
  pause_ = std::min(pause_ * 8 / 5, kLastPause);
  if (next > now) {
    retry_.at(next);
  } else {
    owner_.onAgain();
    connect();
  }
}

void Subchannel::failed(std::string why) {
  ++failures_;
  error_ = std::move(why);
  TYKPP_LOG(debug, "grpc", "no connection reason={}", log::quoted(error_));
  retry_.at(std::max(last_attempt_ + pause_, lane_.loop().now() + kFirstPause));
  pause_ = std::min(pause_ * 8 / 5, kLastPause);
  owner_.onChange();
  lane_.settle();
}

void Subchannel::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  retry_.clear();
  const std::string why = "the gateway has closed the connection";
  for (const auto& connection : std::exchange(draining_, {})) connection->close(why);
  if (const auto connection = std::exchange(connection_, nullptr)) connection->close(why);
}

void Subchannel::retire() {
  if (std::exchange(closed_, true)) return;
  retry_.clear();
  const auto connection = std::exchange(connection_, nullptr);
  if (connection == nullptr) return;
  if (connection->ready()) {
    drain(connection);
  } else {
    connection->close("the name has another address now");
  }
}

void Subchannel::drain(std::shared_ptr<Connection> connection) {
  connection->retire();
  draining_.push_back(std::move(connection));
  if (draining_.size() <= kMaxDraining) return;
  const auto oldest = draining_.front();
  draining_.erase(draining_.begin());
  oldest->close("the server ends its connections all the time");
}

void Subchannel::onDraining(Connection& connection) {
  if (&connection != connection_.get()) return;
  TYKPP_LOG(debug, "grpc", "connection ends: the server says so");
  drain(std::exchange(connection_, nullptr));
  if (!closed_) again();
}

void Subchannel::onLost(Connection& connection, const std::string& why) {
  const Clock::duration lived = lane_.loop().now() - connection.since();
  if (lived > kLastPause) pause_ = kFirstPause;
  const auto is_it = [&](const auto& one) { return one.get() == &connection; };
  if (std::erase_if(draining_, is_it) > 0) return;
  if (&connection != connection_.get()) return;
  TYKPP_LOG(debug, "grpc", "connection lost reason={}", log::quoted(why));
  connection_.reset();
  error_ = why;
  if (closed_) return;
  owner_.onChange();
  again();
}

void Subchannel::onEnd(Call& call, bool unprocessed) {
  if (call.status.ok()) pause_ = kFirstPause;
  owner_.onEnd(call, unprocessed);
}

}  // namespace tykpp::drivers::grpc
