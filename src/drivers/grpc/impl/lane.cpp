#include "drivers/grpc/impl/lane.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "drivers/grpc/impl/channel.hpp"
#include "drivers/grpc/impl/wire_writer.hpp"

namespace tykpp::drivers::grpc {
namespace {

constexpr std::size_t kMaxSpare = 256;
/// Memory of a call's messages that is kept for the next.
constexpr std::size_t kKeptCallBytes = 16U << 10;
constexpr std::string_view kDispatch = "/coprocess.Dispatcher/Dispatch";
constexpr std::string_view kDispatchEvent = "/coprocess.Dispatcher/DispatchEvent";

void empty(std::string& buffer) {
  if (buffer.capacity() > kKeptCallBytes) {
    std::string().swap(buffer);
  } else {
    buffer.clear();
  }
}

}  // namespace

void Call::expire(net::Deadline&, void* self) {
  auto& call = *static_cast<Call*>(self);
  call.lane_.expire(call);
}

Lane::Lane(net::Loop& loop, NameService& names, LaneLimits limits)
    : loop_(loop),
      names_(names),
      limits_(limits),
      input_(new char[kInputBytes]),
      busy_poll_(limits.busy_poll) {}

Lane::~Lane() = default;

void Lane::keep(std::shared_ptr<Channel> channel) { channels_.push_back(std::move(channel)); }

void Lane::forget(const std::shared_ptr<Channel>& channel) {
  channel->close();
  std::erase(channels_, channel);
  settle();
}

Call* Lane::begin(Channel& channel, std::string_view path, std::size_t size,
                  Clock::time_point deadline) {
  if (closed_ || calls_.size() >= limits_.max_calls ||
      (bytes_ != 0 && bytes_ + size > limits_.max_bytes)) {
    return nullptr;
  }
  if (spare_.empty()) {
    calls_.push_back(std::make_unique<Call>(*this, loop_.wheel()));
  } else {
    calls_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  busy_poll_.begun(calls_.size());
  Call& call = *calls_.back();
  call.index_ = calls_.size() - 1;
  call.path = path;
  call.channel_ = &channel;
  call.held_ = size;
  bytes_ += size;
  call.expires_ = deadline;
  call.deadline_->at(deadline);
  return &call;
}

/// Sends the message, unless it is too large.
void Lane::launch(Channel& channel, Call& call) {
  const std::size_t size = call.message.size() - kPrefixBytes;
  const std::size_t most = channel.dialing().max_message != 0
                               ? channel.dialing().max_message
                               : std::numeric_limits<std::uint32_t>::max();
  if (size <= most) {
    writePrefix(call.message.data(), size);
    channel.start(call);
    return;
  }
  call.status = {StatusCode::kResourceExhausted, "Sent message larger than max (" +
                                                     std::to_string(size) + " vs. " +
                                                     std::to_string(most) + ")"};
  ended(call);
}

Call* Lane::start(Channel& channel, const RequestMessage& message, Clock::time_point deadline) {
  const std::size_t size = message.size();
  Call* call = begin(channel, kDispatch, size, deadline);
  if (call == nullptr) return nullptr;
  call->message.resize(kPrefixBytes + size);
  message.write(call->message.data() + kPrefixBytes);
  launch(channel, *call);
  return call;
}

bool Lane::sendEvent(Channel& channel, const std::string& payload, Clock::time_point deadline,
                     std::shared_ptr<EventNote> note, EventLost lost, void* runtime) {
  Call* call = begin(channel, kDispatchEvent, payload.size(), deadline);
  if (call == nullptr) return false;
  event_lost_ = lost;
  runtime_ = runtime;
  call->event_ = std::move(note);
  call->message.assign(kPrefixBytes, '\0');
  constexpr int kPayloadField = 1;
  WireWriter(call->message).bytes(kPayloadField, payload);
  launch(channel, *call);
  return true;
}

void Lane::release(Call& call) {
  call.waiter = {};
  if (!call.returned && !closed_) {
    const auto listed = std::find(ended_.begin(), ended_.end(), &call);
    if (listed != ended_.end()) {
      *listed = nullptr;
    } else {
      call.channel_->cancel(call);
    }
  }
  recycle(call);
}

void Lane::cancel(Call& call) {
  if (call.returned || closed_ || std::find(ended_.begin(), ended_.end(), &call) != ended_.end()) {
    return;
  }
  call.channel_->cancel(call);
  call.status = {StatusCode::kCancelled, "the client has left"};
  ended(call);
}

void Lane::expire(Call& call) {
  if (call.returned || std::find(ended_.begin(), ended_.end(), &call) != ended_.end()) return;
  call.channel_->cancel(call);
  call.status = {StatusCode::kDeadlineExceeded, "Deadline Exceeded"};
  ended(call);
}

void Lane::close() {
  if (std::exchange(closed_, true)) return;
  for (const auto& channel : std::exchange(channels_, {})) channel->close();
  // Deadlines must not outlive the loop; calls may, in coroutines that are never resumed.
  for (const auto& call : calls_) call->deadline_.reset();
  spare_.clear();
  ended_.clear();
  connections_.clear();
  for (std::size_t i = calls_.size(); i-- > 0;) {
    if (calls_[i]->event_ != nullptr) recycle(*calls_[i]);
  }
}

void Lane::schedule() {
  if (closed_ || std::exchange(scheduled_, true)) return;
  loop_.post([self = shared_from_this()] { self->endOfTurn(); });
}

void Lane::atEndOfTurn(Connection& connection) {
  if (std::exchange(connection.listed_, true)) return;
  connections_.push_back(connection.shared_from_this());
  schedule();
}

void Lane::endOfTurn() {
  scheduled_ = false;
  if (closed_) return;
  settle();
  // What they do may put connections on the list again, for the next turn.
  turn_.swap(connections_);
  for (const auto& connection : turn_) connection->endOfTurn();
  turn_.clear();
  settle();
  if (calls_.size() == 1 && !scheduled_) pollForAnswer();
}

void Lane::pollForAnswer() {
  const Call& call = *calls_.front();
  if (call.returned || !call.waiter || !busy_poll_.wanted()) return;
  const std::uint64_t finished = finished_;
  const Clock::time_point until = Clock::now() + busy_poll_.most();
  // An answer may come in two pieces, and its connection may have to be served in between.
  constexpr int kPieces = 3;
  for (int piece = 0; piece < kPieces && finished_ == finished; ++piece) {
    const auto left = std::chrono::floor<std::chrono::microseconds>(until - Clock::now());
    if (left.count() <= 0 || !loop_.poll(left)) break;
  }
  busy_poll_.polled(finished_ != finished);
  constexpr int kFollowing = 4;  // the upstream's response, the next request, each perhaps in two
  if (finished_ != finished) stayAwake(kFollowing);
}

void Lane::stayAwake(int turns) {
  if (turns == 0 || !busy_poll_.staysAwake()) return;
  // What was posted before has its turn first.
  loop_.post([self = shared_from_this(), turns] {
    if (self->closed_ || !self->calls_.empty()) return;  // a call is polled for as such
    const bool came = self->loop_.poll(self->busy_poll_.most());
    self->busy_poll_.stayed(came);
    if (came) self->stayAwake(turns - 1);
  });
}

void Lane::ended(Call& call) {
  ended_.push_back(&call);
  schedule();
}

void Lane::settle() {
  if (settling_ || closed_) return;
  settling_ = true;
  for (std::size_t i = 0; i < ended_.size(); ++i) {
    // A call may be used again, and end again, while its waiter runs.
    if (Call* call = std::exchange(ended_[i], nullptr)) finish(*call);
  }
  ended_.clear();
  settling_ = false;
}

void Lane::finish(Call& call) {
  call.returned = true;
  ++finished_;
  call.deadline_->clear();
  if (call.event_ != nullptr) {
    if (!call.status.ok()) event_lost_(runtime_, *call.event_, call.status.message);
    recycle(call);
  } else if (const auto waiter = std::exchange(call.waiter, {})) {
    waiter.resume();
  }
}

bool Lane::hold(Call& call, std::size_t bytes) {
  if (bytes_ != call.held_ && bytes_ + bytes > limits_.max_bytes) return false;
  call.held_ += bytes;
  bytes_ += bytes;
  return true;
}

void Lane::recycle(Call& call) {
  bytes_ -= call.held_;
  call.held_ = 0;
  if (call.deadline_) call.deadline_->clear();
  call.event_.reset();
  call.channel_ = nullptr;
  call.connection_ = nullptr;
  call.returned = false;
  call.retried_ = false;
  call.status = {};
  empty(call.message);
  empty(call.reply);
  std::unique_ptr<Call> owned = std::move(calls_[call.index_]);
  if (owned->index_ + 1 != calls_.size()) {
    calls_.back()->index_ = owned->index_;
    calls_[owned->index_] = std::move(calls_.back());
  }
  calls_.pop_back();
  if (!closed_ && spare_.size() < kMaxSpare) spare_.push_back(std::move(owned));
}

}  // namespace tykpp::drivers::grpc
