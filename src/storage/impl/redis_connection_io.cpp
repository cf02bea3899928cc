// What moves bytes: flushing, replies, breaks.
#include <cstring>
#include <utility>

#include "storage/impl/redis_connection.hpp"

namespace tykpp::storage {
namespace {

constexpr std::size_t kCompactBytes = 64 * 1024;
constexpr std::size_t kKeptBytes = 1024 * 1024;

}  // namespace

net::Detached RedisConnection::flushSoon(RedisConnection& me) {
  // Behind everything this turn of the loop still has to do, so that its commands share a write.
  co_await net::Yield(me.loop_);
  if (me.state_ == State::kUp && !me.broken_) me.flush();
  me.flush_wanted_ = false;
}

net::Detached RedisConnection::flushWhenWritable(RedisConnection& me) {
  net::Writable writable(me.link_.stream().socket());
  co_await writable;
  me.write_waiting_ = false;
  if (me.state_ == State::kUp && !me.broken_ && !me.stopping_) me.wantFlush();
}

void RedisConnection::flush() {
  while (flushed_ < bytes_.size()) {
    const iovec piece{bytes_.data() + flushed_, bytes_.size() - flushed_};
    bool would_block = false;
    const net::IoResult result = link_.stream().tryWrite({&piece, 1}, would_block);
    if (would_block) {
      if (std::exchange(write_waiting_, true)) return;
      flushWhenWritable(*this);
      return;
    }
    if (!result) {
      const std::string cause = result.error != 0 ? std::strerror(result.error) : "connection lost";
      return breakOff(Error(Errc::kIo, "Redis: " + cause));
    }
    flushed_ += result.bytes;
  }
}

net::Task<Error> RedisConnection::readReplies() {
  for (;;) {
    Result<Reply> reply = co_await link_.next();
    if (broken_) co_return break_why_;
    if (stopping_) co_return Error(Errc::kShuttingDown, "Redis: the client is closed");
    if (!reply) {
      broken_ = true;
      co_return Error(Errc::kIo, "Redis: " + reply.error().message());
    }
    onReply(std::move(*reply));
    if (broken_) co_return break_why_;
  }
}

void RedisConnection::pop() {
  head_ += queue_.front().size;
  queue_.pop_front();
  if (head_ == bytes_.size()) {
    bytes_.clear();
    if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
    head_ = flushed_ = 0;
  } else if (head_ > kCompactBytes && head_ > bytes_.size() / 2) {
    bytes_.erase(0, head_);
    flushed_ -= head_;
    head_ = 0;
  }
}

void RedisConnection::onReply(Reply reply) {
  if (queue_.empty() || head_ + queue_.front().size > flushed_) {
    note(RedisFault::kProtocol, "a reply nobody asked for");
    return breakOff(Error(Errc::kIo, "Redis: a reply nobody asked for"));
  }
  const Slot slot = queue_.front();
  pop();
  last_reply_ = loop_.now();
  timer_.clear();
  armTimer();
  bool leave = false;
  if (isError(reply)) {
    const RedisFault fault = faultOf(textOf(*reply));
    note(fault, textCopy(*reply));
    leave = fault == RedisFault::kReadOnly && connector_->wantsMaster();
  }
  if (slot.kind != Slot::Kind::kCall) {
    onHealth(slot, reply);
  } else if (slot.call != nullptr) {
    slot.call->finish(std::move(reply));
  }
  if (leave) breakOff(Error(Errc::kIo, "Redis: the server is a master no more"));
}

void RedisConnection::onHealth(const Slot& slot, const Reply& reply) {
  if (slot.kind != Slot::Kind::kRole) return;
  const auto parts = elements(*reply);
  if (parts.empty() || textOf(*parts.front()) == "master") return;
  breakOff(Error(Errc::kIo, "Redis: the server is a master no more"));
}

void RedisConnection::checkHealth() {
  if (state_ != State::kUp || broken_) return;
  health_.after(kHealthEach);
  const bool role = connector_->wantsMaster();
  // Under load replies themselves show that the server lives.
  const bool quiet = queue_.empty() && loop_.now() - last_reply_ >= kHealthEach;
  if (!quiet && !role) return;
  const std::string_view word = role ? "ROLE" : "PING";
  const std::size_t before = bytes_.size();
  appendCommand(bytes_, {&word, 1});
  const Slot::Kind kind = role ? Slot::Kind::kRole : Slot::Kind::kPing;
  push({nullptr, 0, {}, kind, false, false}, bytes_.size() - before);
  wantFlush();
}

void RedisConnection::breakOff(Error why) {
  if (broken_ || state_ != State::kUp) return;
  broken_ = true;
  break_why_ = std::move(why);
  link_.cancel(Errc::kIo);
}

void RedisConnection::expire() {
  const auto self = self_.lock();  // who is told may drop the client
  const Clock::time_point now = loop_.now();
  if (queue_.empty()) return;
  if (queue_.front().deadline > now) return armTimer();
  if (state_ == State::kUp) {
    note(RedisFault::kTimeout, "no answer in time");
    return breakOff(Error(Errc::kTimeout, "Redis: no answer in time"));
  }
  why_ = Error(Errc::kTimeout, "Redis: no connection in time");
  while (!queue_.empty() && queue_.front().deadline <= now) {
    failed_.push_back(queue_.front());
    if (RedisCall* call = failed_.back().call) call->slot_ = &failed_.back();
    pop();
  }
  armTimer();
  failQueued();
}

void RedisConnection::settle(const Error& why) {
  std::deque<Slot> kept;
  std::string kept_bytes;
  std::size_t at = head_;
  const Clock::time_point now = loop_.now();
  for (const Slot& slot : queue_) {
    // What the kernel has not taken to its last byte no server can have executed.
    const bool unsent = at + slot.size > flushed_;
    const bool again = !slot.repeated && slot.deadline > now && (unsent || slot.repeatable);
    if (slot.call != nullptr && again) {
      kept.push_back(slot);
      kept.back().repeated = true;
      kept_bytes.append(bytes_, at, slot.size);
    } else if (slot.call != nullptr) {
      failed_.push_back(slot);
      slot.call->slot_ = &failed_.back();
    }
    at += slot.size;
  }
  queue_ = std::move(kept);
  for (Slot& slot : queue_) slot.call->slot_ = &slot;
  bytes_ = std::move(kept_bytes);
  head_ = flushed_ = 0;
  timer_.clear();
  armTimer();
  why_ = why;
  failQueued();
}

void RedisConnection::failAll(const Error& why) {
  for (const Slot& slot : queue_) {
    if (slot.call == nullptr) continue;
    failed_.push_back(slot);
    slot.call->slot_ = &failed_.back();
  }
  queue_.clear();
  bytes_.clear();
  head_ = flushed_ = 0;
  timer_.clear();
  why_ = why;
  failQueued();
}

void RedisConnection::failQueued() {
  while (!failed_.empty()) {
    RedisCall* call = failed_.front().call;
    failed_.pop_front();
    if (call != nullptr) call->finish(why_);
  }
}

}  // namespace tykpp::storage
