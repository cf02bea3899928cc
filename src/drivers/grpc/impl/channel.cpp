#include "drivers/grpc/impl/channel.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "drivers/grpc/impl/lane.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// Of a name; connections to more addresses are not made.
constexpr std::size_t kMaxAddresses = 64;
constexpr auto kAskAgain = std::chrono::seconds(1);

Peer peerOf(const HostPort& at, net::Address address) {
  address.setPort(at.port);
  Peer peer{address, {}, at.host, at.text()};
  char text[INET6_ADDRSTRLEN] = "";
  const auto* six = reinterpret_cast<const sockaddr_in6*>(address.get());
  const auto* four = reinterpret_cast<const sockaddr_in*>(address.get());
  const bool is_six = address.storage.ss_family == AF_INET6;
  const void* bytes = is_six ? static_cast<const void*>(&six->sin6_addr) : &four->sin_addr;
  ::inet_ntop(address.storage.ss_family, bytes, text, sizeof text);
  peer.text = HostPort{text, at.port}.text();
  return peer;
}

Peer peerOf(const std::string& unix_path) {
  Peer peer{{}, unix_path, "localhost", "localhost"};
  auto& address = reinterpret_cast<sockaddr_un&>(peer.address.storage);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, unix_path.c_str(), unix_path.size() + 1);
  peer.address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + unix_path.size() + 1);
  return peer;
}

bool sameAddress(const Peer& a, const Peer& b) { return a.text == b.text; }

}  // namespace

void Health::note(const Status& status) {
  if (status.ok() && !failed_.load(std::memory_order_relaxed)) [[likely]]
    return;
  if (!status.ok() && status.code != StatusCode::kUnavailable) return;
  const std::lock_guard lock(mutex_);
  error_ = status.message;
  failed_.store(!status.ok(), std::memory_order_relaxed);
}

void Health::failed(const std::string& why) {
  const std::lock_guard lock(mutex_);
  error_ = why;
  failed_.store(true, std::memory_order_relaxed);
}

std::string Health::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Channel::Channel(Lane& lane, std::shared_ptr<const Dialing> dialing, std::shared_ptr<Health> health)
    : lane_(lane),
      dialing_(std::move(dialing)),
      health_(std::move(health)),
      ask_again_(
          lane.loop().wheel(),
          [](net::Deadline&, void* self) { static_cast<Channel*>(self)->resolve(); }, this) {}

Channel::~Channel() = default;

void Channel::connect() {
  if (std::exchange(begun_, true) || state() == State::kClosed) return;
  state_.store(State::kConnecting, std::memory_order_relaxed);
  const Target& target = dialing_->target;
  if (!target.unix_path.empty()) {
    add({peerOf(target.unix_path)});
    return;
  }
  std::vector<Peer> peers;
  for (const HostPort& host : target.hosts) {
    net::Address address;
    if (net::parseLiteral(host.host, address)) peers.push_back(peerOf(host, address));
  }
  if (peers.empty()) {
    resolve();
  } else {
    reconcile(std::move(peers));
  }
}

void Channel::add(std::vector<Peer> peers) {
  subchannels_.push_back(std::make_shared<Subchannel>(*this, lane_, *dialing_, std::move(peers)));
  // Held: what it does at once may have the list changed.
  const std::shared_ptr<Subchannel> added = subchannels_.back();
  added->connect();
}

/// Called in turn, each address has a connection of its own; else all have one.
void Channel::reconcile(std::vector<Peer> peers) {
  unresolved_.clear();
  std::erase_if(retired_, [](const auto& retired) { return retired->idle(); });
  if (!dialing_->round_robin) {
    if (subchannels_.empty()) return add(std::move(peers));
    subchannels_.front()->setPeers(std::move(peers));
    return;
  }
  const auto goesTo = [](const Peer& peer) {
    return [&peer](const auto& one) { return sameAddress(one->peers().front(), peer); };
  };
  std::vector<std::shared_ptr<Subchannel>> kept;
  std::vector<Peer> fresh;
  for (Peer& peer : peers) {
    const auto known = std::find_if(subchannels_.begin(), subchannels_.end(), goesTo(peer));
    if (known == subchannels_.end()) {
      fresh.push_back(std::move(peer));
    } else {
      kept.push_back(std::move(*known));
      subchannels_.erase(known);
    }
  }
  kept.swap(subchannels_);
  for (auto& gone : kept) {
    gone->retire();
    retired_.push_back(std::move(gone));
  }
  for (Peer& peer : fresh) add({std::move(peer)});
}

net::Detached Channel::resolve() {
  const auto self = shared_from_this();
  if (lookup_ != nullptr || state() == State::kClosed) co_return;
  const HostPort& host = dialing_->target.hosts.front();
  net::Resolver::Lookup lookup(lane_.resolver(), lane_.loop(), host.host);
  lookup_ = &lookup;
  const auto found = co_await lookup;
  lookup_ = nullptr;
  if (state() == State::kClosed) co_return;
  if (found && !(*found)->empty()) {
    std::vector<Peer> peers;
    for (const net::Address& address : **found) {
      Peer peer = peerOf(host, address);
      const auto same = [&](const Peer& other) { return sameAddress(other, peer); };
      const bool known = std::any_of(peers.begin(), peers.end(), same);
      if (!known && peers.size() < kMaxAddresses) peers.push_back(std::move(peer));
    }
    reconcile(std::move(peers));
  } else if (subchannels_.empty()) {
    unresolved_ = host.host + ": " + (found ? "it has no address" : found.error().detail());
    ask_again_.after(kAskAgain);
    onChange();
    lane_.settle();
  }
}

bool Channel::failing() const noexcept {
  if (subchannels_.empty()) return !unresolved_.empty();
  return std::all_of(subchannels_.begin(), subchannels_.end(),
                     [](const auto& one) { return one->failing(); });
}

/// The next connection with room; null when there is none.
Connection* Channel::pick() {
  for (std::size_t i = 0; i < subchannels_.size(); ++i) {
    next_ = next_ + 1 < subchannels_.size() ? next_ + 1 : 0;
    Connection* connection = subchannels_[next_]->ready();
    if (connection != nullptr && connection->room()) return connection;
  }
  return nullptr;
}

void Channel::start(Call& call) {
  call.channel_ = this;
  if (state() == State::kClosed) return refuse(call);
  connect();
  dispatch(call);
}

void Channel::dispatch(Call& call) {
  if (queue_.empty()) {
    if (Connection* connection = pick(); connection != nullptr && connection->start(call)) return;
  }
  if (failing()) return refuse(call);
  queue_.push_back(call);
}

/// Calls that wait get what room there is.
void Channel::pump() {
  while (!queue_.empty()) {
    Connection* connection = pick();
    if (connection == nullptr) return;
    Call& call = queue_.front();
    call.unlink();
    if (!connection->start(call)) queue_.push_front(call);
  }
}

void Channel::refuse(Call& call) {
  std::string why = "the gateway has closed the connection";
  if (state() != State::kClosed) {
    why = subchannels_.empty() ? unresolved_ : subchannels_.front()->error();
    why.insert(0, "no connection to the server: ");
  }
  call.status = {StatusCode::kUnavailable, std::move(why)};
  end(call);
}

void Channel::end(Call& call) {
  health_->note(call.status);
  lane_.ended(call);
}

void Channel::cancel(Call& call) {
  if (call.connection_ != nullptr) {
    call.connection_->cancel(call);
    if (!queue_.empty()) pump();
  } else if (call.is_linked()) {
    call.unlink();
  }
}

void Channel::close() {
  if (state() == State::kClosed) return;
  const auto self = shared_from_this();
  state_.store(State::kClosed, std::memory_order_relaxed);
  ask_again_.clear();
  if (lookup_ != nullptr) lookup_->abandon(Errc::kShuttingDown);
  for (auto* list : {&subchannels_, &retired_}) {
    for (const auto& subchannel : std::exchange(*list, {})) subchannel->close();
  }
  while (!queue_.empty()) {
    Call& call = queue_.front();
    call.unlink();
    refuse(call);
  }
}

void Channel::update() {
  if (state() == State::kClosed) return;
  const bool ready = std::any_of(subchannels_.begin(), subchannels_.end(),
                                 [](const auto& one) { return one->ready() != nullptr; });
  const State now = ready ? State::kReady : failing() ? State::kFailing : State::kConnecting;
  if (state() != now) state_.store(now, std::memory_order_relaxed);
}

void Channel::onRoom() {
  if (!queue_.empty()) pump();
  if (state() != State::kReady) update();
}

void Channel::onChange() {
  if (!queue_.empty()) pump();
  update();
  if (state() != State::kFailing) return;
  health_->failed(subchannels_.empty() ? unresolved_ : subchannels_.front()->error());
  while (!queue_.empty()) {
    Call& call = queue_.front();
    call.unlink();
    refuse(call);
  }
}

void Channel::onAgain() {
  const Target& target = dialing_->target;
  net::Address literal;
  if (target.hosts.size() == 1 && !net::parseLiteral(target.hosts.front().host, literal)) resolve();
}

void Channel::onEnd(Call& call, bool unprocessed) {
  // Nothing has seen it: it may be made again, once.
  if (unprocessed && !std::exchange(call.retried_, true) && state() != State::kClosed) {
    dispatch(call);
  } else {
    end(call);
  }
}

}  // namespace tykpp::drivers::grpc
