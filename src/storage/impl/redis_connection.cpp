#include "storage/impl/redis_connection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tykpp::storage {
namespace {

constexpr auto kFirstPause = std::chrono::milliseconds(100);

}  // namespace

RedisCall::~RedisCall() {
  if (slot_ != nullptr) slot_->call = nullptr;
}

void RedisCall::finish(Result<Reply> result) {
  slot_ = nullptr;
  done_ = true;
  result_ = std::move(result);
  if (const auto caller = std::exchange(caller_, nullptr)) caller.resume();
}

RedisConnection::RedisConnection(net::Loop& loop, std::shared_ptr<RedisShared> shared,
                                 std::unique_ptr<RedisConnector> connector, bool counts)
    : loop_(loop),
      shared_(std::move(shared)),
      connector_(std::move(connector)),
      counts_(counts),
      link_(loop, shared_),
      pause_(loop),
      timer_(
          loop.wheel(),
          [](net::Deadline&, void* self) { static_cast<RedisConnection*>(self)->expire(); }, this),
      health_(
          loop.wheel(),
          [](net::Deadline&, void* self) { static_cast<RedisConnection*>(self)->checkHealth(); },
          this) {}

void RedisConnection::start(const std::shared_ptr<RedisConnection>& self) {
  self->self_ = self;
  self->loop_.post([self] { run(self); });
}

net::Detached RedisConnection::run(std::shared_ptr<RedisConnection> self) {
  RedisConnection& me = *self;
  Clock::duration pause = kFirstPause;
  while (!me.stopping_) {
    const Result<void> opened = co_await me.connector_->connect(me.link_);
    if (me.stopping_) break;
    if (!opened) {
      me.goDown(opened.error());
      if (me.stopping_) break;
      co_await me.pause_.wait(pause);
      pause = std::min<Clock::duration>(pause * 2, me.shared_->options.longest_pause);
      continue;
    }
    pause = kFirstPause;
    me.goUp();
    const Error why = co_await me.readReplies();
    // Whoever writes, or waits to, is through with it after us.
    while (me.write_waiting_ || me.flush_wanted_) co_await net::Yield(me.loop_);
    me.link_.close();
    me.state_ = State::kConnecting;
    if (me.counts_) me.tellEnd(why);
    me.settle(why);
  }
  me.link_.close();
}

void RedisConnection::stop() {
  stopping_ = true;
  timer_.clear();
  health_.clear();
  failAll(Error(Errc::kShuttingDown, "Redis: the client is closed"));
  link_.cancel(Errc::kShuttingDown);
  connector_->cancel(Errc::kShuttingDown);
  pause_.end();
}

void RedisConnection::goUp() {
  state_ = State::kUp;
  broken_ = false;
  flushed_ = head_;
  last_reply_ = loop_.now();
  health_.after(kHealthEach);
  if (counts_) shared_->status.connected();
  flush();
}

void RedisConnection::tellEnd(const Error& why) {
  if (stopping_) {
    shared_->status.closed();
  } else {
    shared_->status.lost(why.message());
  }
}

void RedisConnection::goDown(const Error& why) {
  state_ = State::kDown;
  reason_ = why.message();
  note(link_.fault(), reason_);
  if (counts_) shared_->status.failed(reason_);
  failAll(Error(why.code() == Errc::kTimeout ? Errc::kTimeout : Errc::kIo, reason_));
}

void RedisConnection::note(RedisFault fault, const std::string& text) {
  if (fault == RedisFault::kNone) return;
  shared_->status.trouble(static_cast<std::size_t>(fault), nameOf(fault), text);
}

void RedisConnection::send(RedisCall& call, CommandWords words, bool repeatable) {
  const RedisOptions& options = shared_->options;
  if (stopping_) return call.finish(Error(Errc::kShuttingDown, "Redis: the client is closed"));
  if (state_ == State::kDown) return call.finish(Error(Errc::kIo, reason_));
  const std::size_t before = bytes_.size();
  if (queue_.size() >= options.max_waiting || before - head_ >= options.max_waiting_bytes) {
    return call.finish(Error(Errc::kForbidden, "Redis: too many commands wait for an answer"));
  }
  appendCommand(bytes_, words);
  if (bytes_.size() == before) {
    return call.finish(Error(Errc::kBadRequest, "Redis: the command cannot be written"));
  }
  push({&call, 0, {}, Slot::Kind::kCall, repeatable, false}, bytes_.size() - before);
  call.slot_ = &queue_.back();
  // Not on a broken connection: its end waits until nobody flushes any more.
  if (state_ == State::kUp && !broken_) wantFlush();
}

void RedisConnection::push(Slot slot, std::size_t size) {
  slot.size = size;
  slot.deadline = loop_.now() + shared_->options.address.timeout;
  queue_.push_back(slot);
  armTimer();
}

void RedisConnection::armTimer() {
  if (!queue_.empty() && !timer_.armed()) timer_.at(queue_.front().deadline);
}

void RedisConnection::wantFlush() {
  if (flush_wanted_ || write_waiting_) return;
  flush_wanted_ = true;
  flushSoon(*this);
}

}  // namespace tykpp::storage
