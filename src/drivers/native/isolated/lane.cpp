#include "drivers/native/isolated/lane.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "drivers/native/isolated/call_failure.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

/// Bytes of calls that may be under way; one call alone may have more.
constexpr std::size_t kMaxBytes = 256U << 20;
constexpr std::size_t kReadBytes = 64U << 10;
/// Buffers that grew beyond this are let go once they are empty.
constexpr std::size_t kKeptBytes = 1U << 20;
/// What a reply has beside a body: heads, a session, a record.
constexpr std::size_t kHeadRoom = 16U << 20;
/// Waiting bytes that are not left for the end of the turn.
constexpr std::size_t kFlushBytes = 128U << 10;

}  // namespace

/// Tells the host that a request which has state is over, when its exchange goes.
class StateNote {
 public:
  StateNote(std::weak_ptr<Lane> lane, std::uint64_t request_id, std::uint64_t generation)
      : lane_(std::move(lane)), request_id_(request_id), generation_(generation) {}
  StateNote(const StateNote&) = delete;
  StateNote& operator=(const StateNote&) = delete;
  ~StateNote() {
    if (const auto lane = lane_.lock()) lane->over(request_id_, generation_);
  }
  std::uint64_t generation() const noexcept { return generation_; }

 private:
  const std::weak_ptr<Lane> lane_;
  const std::uint64_t request_id_;
  const std::uint64_t generation_;
};

Lane::Lane(std::shared_ptr<Host> host, net::Loop& loop)
    : host_(std::move(host)), loop_(loop), socket_(loop) {
  room_.lane = this;
  room_.handle = std::noop_coroutine();
  room_.attempt = [](net::Waiter& waiter) {
    Lane& lane = *static_cast<Room&>(waiter).lane;
    lane.blocked_ = false;
    lane.scheduleFlush();
    return true;
  };
}

Lane::~Lane() = default;

Result<void> Lane::open() {
  auto opened = host_->openLane();
  if (!opened) return callFailed(opened.error().message());
  if (!socket_.open(opened->fd)) return callFailed("the plugin host's socket cannot be watched");
  generation_ = opened->generation;
  socket_.setWatcher([](void* self) { static_cast<Lane*>(self)->onReadable(); }, this);
  self_ = shared_from_this();
  return {};
}

Result<Call*> Lane::start(const HookCall& call, std::uint64_t hook, bool reads_body) {
  if (!socket_.isOpen()) {
    if (auto opened = open(); !opened) return opened.error();
  }
  if (under_way_ >= host_->options().max_calls) {
    return callFailed("too many calls of the plugin host wait already (plugin_host_max_calls)");
  }
  if (bytes_ > kMaxBytes) return callFailed("too many bytes wait for the plugin host already");
  Call& made = take();
  const std::size_t before = out_.size();
  writeCall(out_, {made.id(), hook}, call, reads_body);
  made.bytes = out_.size() - before;
  made.request_id = call.exchange.requestId();
  made.deadline = call.deadline;
  bytes_ += made.bytes;
  if (out_.size() - sent_ >= kFlushBytes && !blocked_) {
    flush();
  } else {
    scheduleFlush();
  }
  return &made;
}

Call& Lane::take() {
  if (free_.empty()) {
    calls_.emplace_back();
    calls_.back().index = static_cast<std::uint32_t>(calls_.size() - 1);
    free_.push_back(calls_.back().index);
  }
  Call& call = calls_[free_.back()];
  free_.pop_back();
  call.state = Call::State::kSent;
  ++under_way_;
  return call;
}

void Lane::freeCall(Call& call) {
  bytes_ -= call.bytes;
  --under_way_;
  call.state = Call::State::kFree;
  ++call.turn;
  call.bytes = 0;
  call.waiter = {};
  call.reply = {};
  if (!call.kept.empty()) std::string().swap(call.kept);
  call.failure.clear();
  free_.push_back(call.index);
}

Call* Lane::find(std::uint64_t id) {
  const auto index = static_cast<std::uint32_t>(id);
  if (index >= calls_.size()) return nullptr;
  Call& call = calls_[index];
  return call.state != Call::State::kFree && call.id() == id ? &call : nullptr;
}

void Lane::release(Call& call) {
  call.waiter = {};
  if (call.state != Call::State::kSent && call.state != Call::State::kStopped) {
    freeCall(call);
    return;
  }
  // The host has it still: its place is not used again until the host has answered.
  call.state = Call::State::kAbandoned;
  host_->overdue(generation_);
  FrameWriter frame(out_, FrameKind::kCancel);
  frame.number(call.id());
  frame.end();
  scheduleFlush();
}

void Lane::stopSoon(const Call& call) {
  const std::uint64_t id = call.id();
  loop_.post([self = shared_from_this(), id] {
    Call* const stopped = self->find(id);
    if (stopped == nullptr || stopped->state != Call::State::kSent) return;
    stopped->state = Call::State::kStopped;
    if (const auto waiter = std::exchange(stopped->waiter, {})) waiter.resume();
  });
}

void Lane::attachState(http::Exchange& exchange) {
  if (const std::shared_ptr<void> old = stateOf(exchange, host_.get()); old != nullptr) {
    if (static_cast<StateNote*>(old.get())->generation() == generation_) return;
  }
  setState(exchange, host_.get(),
           std::make_shared<StateNote>(weak_from_this(), exchange.requestId(), generation_));
}

void Lane::over(std::uint64_t request_id, std::uint64_t generation) {
  if (!socket_.isOpen() || generation != generation_) return;
  FrameWriter frame(out_, FrameKind::kOver);
  frame.number(request_id);
  frame.end();
  scheduleFlush();
}

void Lane::scheduleFlush() {
  if (flush_due_ || blocked_ || !socket_.isOpen()) return;
  flush_due_ = true;
  loop_.post([self = shared_from_this()] {
    self->flush_due_ = false;
    self->flush();
  });
}

void Lane::flush() {
  while (socket_.isOpen() && sent_ < out_.size()) {
    const ssize_t put =
        ::send(socket_.fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) {
      blocked_ = true;
      socket_.writeBlocked();
      socket_.waitWrite(room_);
      return;
    }
    if (put < 0) return;  // the end of the socket is read, and says so
    sent_ += static_cast<std::size_t>(put);
  }
  sent_ = 0;
  if (out_.capacity() > kKeptBytes) {
    std::string().swap(out_);
  } else {
    out_.clear();
  }
}

void Lane::onReadable() {
  const std::shared_ptr<Lane> keep = self_;
  bool more = true;
  while (more) {
    if (!readSome(more)) return;
    if (!takeFrames()) return;
  }
}

bool Lane::readSome(bool& more) {
  if (in_.size() == in_end_) in_.resize(std::max(in_.size() * 2, kReadBytes));
  const std::size_t room = in_.size() - in_end_;
  ssize_t got = 0;
  do got = ::recv(socket_.fd(), in_.data() + in_end_, room, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) {
    socket_.readDrained();
    more = false;
    return true;
  }
  if (got <= 0) {
    fail("the plugin host died during the call");
    return false;
  }
  in_end_ += static_cast<std::size_t>(got);
  more = static_cast<std::size_t>(got) == room || socket_.peerClosed();
  if (!more) socket_.readDrained();
  return true;
}

bool Lane::takeFrames() {
  std::size_t used = 0;
  bool good = true;
  while (good && condemned_.empty() && socket_.isOpen()) {
    auto frame = nextFrame(std::string_view(in_.data() + used, in_end_ - used),
                           host_->options().max_body + kHeadRoom);
    if (!frame) {
      condemned_ = "it sent " + frame.error().message();
      break;
    }
    if (!*frame) break;
    good = (*frame)->kind == FrameKind::kReply && takeReply((*frame)->body);
    used += (*frame)->size;
  }
  if (!good && condemned_.empty()) condemned_ = "it sent a frame that has no place there";
  if (!socket_.isOpen()) return false;
  if (!condemned_.empty()) {
    const std::string reason = std::exchange(condemned_, {});
    host_->condemn(generation_, reason);
    fail("the plugin host broke the rules: " + reason);
    return false;
  }
  in_end_ -= used;
  if (in_end_ != 0 && used != 0) std::memmove(in_.data(), in_.data() + used, in_end_);
  if (in_end_ == 0 && in_.size() > kKeptBytes) std::vector<char>().swap(in_);
  return true;
}

bool Lane::takeReply(std::string_view body) {
  FrameReader frame(body);
  Call* const call = find(frame.number<std::uint64_t>());
  if (!frame.good() || call == nullptr) return false;
  switch (call->state) {
    case Call::State::kSent:
      call->state = Call::State::kAnswered;
      if (const auto waiter = std::exchange(call->waiter, {})) {
        call->reply = body;
        waiter.resume();
      } else {
        call->kept = body;
        call->reply = call->kept;
      }
      return true;
    case Call::State::kStopped:
      call->state = Call::State::kAnswered;  // its waiter is on the way, and lets go of it
      return true;
    case Call::State::kAbandoned:
      host_->back();
      freeCall(*call);
      return true;
    default:
      return false;
  }
}

void Lane::condemn(const std::string& reason) {
  if (condemned_.empty()) condemned_ = reason;  // takeFrames() looks, as soon as its waiter pauses
}

void Lane::fail(const std::string& why) {
  const std::shared_ptr<Lane> keep = std::exchange(self_, nullptr);
  socket_.close();
  out_.clear();
  sent_ = 0;
  in_end_ = 0;
  blocked_ = false;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.state == Call::State::kAbandoned) {
      host_->back();
      freeCall(call);
    }
    if (call.state != Call::State::kSent) continue;
    call.state = Call::State::kFailed;
    call.failure = why;
  }
  // Those who go on may call again, over a new socket: they are told after the old is done with.
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    Call& call = calls_[i];
    if (call.state != Call::State::kFailed) continue;
    if (const auto waiter = std::exchange(call.waiter, {})) waiter.resume();
  }
}

void Lane::close() {
  const std::shared_ptr<Lane> keep = std::exchange(self_, nullptr);
  socket_.close();
}

}  // namespace tykpp::drivers::native::isolated
