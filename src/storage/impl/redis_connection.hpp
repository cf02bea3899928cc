#pragma once
// A connection that pipelines: commands of one turn of the loop go out in one write, replies come
// back in order. It connects by itself, again and again; while the last attempt has failed,
// commands fail at once.

#include <coroutine>
#include <deque>
#include <memory>
#include <string>

#include "storage/impl/pause.hpp"
#include "storage/impl/redis_link.hpp"

namespace tykpp::storage {

/// Opens a link to where a connection belongs. Thread: its loop's.
class RedisConnector {
 public:
  virtual ~RedisConnector() = default;
  virtual net::Task<Result<void>> connect(RedisLink& link) = 0;
  /// Ends a connect() under way, as far as the link does not end it.
  virtual void cancel(Errc) {}
  /// The connection must go to a master: checked each second, given up otherwise.
  virtual bool wantsMaster() const noexcept { return false; }
};

class RedisConnection;

/// One command under way; awaited at most once. Its place in the queue is given up when it is
/// destroyed earlier.
class RedisCall {
 public:
  RedisCall() = default;
  RedisCall(const RedisCall&) = delete;
  RedisCall& operator=(const RedisCall&) = delete;
  ~RedisCall();
  bool await_ready() const noexcept { return done_; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { caller_ = caller; }
  Result<Reply> await_resume() { return std::move(result_); }

 private:
  friend class RedisConnection;
  struct Slot {
    enum class Kind : std::uint8_t { kCall, kPing, kRole };
    RedisCall* call;
    std::size_t size;  // bytes in wire form
    Clock::time_point deadline;
    Kind kind;
    bool repeatable;  // reads alone: may be sent again after a break
    bool repeated;
  };
  void finish(Result<Reply> result);
  Slot* slot_ = nullptr;
  bool done_ = false;
  std::coroutine_handle<> caller_ = nullptr;
  Result<Reply> result_{Error(Errc::kInternal, "no reply")};
};

/// Thread: its loop's. Shared by its owner and its own coroutines.
class RedisConnection {
 public:
  /// @param counts  whether the store's state follows this connection
  RedisConnection(net::Loop& loop, std::shared_ptr<RedisShared> shared,
                  std::unique_ptr<RedisConnector> connector, bool counts);
  /// Begins to connect.
  static void start(const std::shared_ptr<RedisConnection>& self);
  /// Fails what waits with kShuttingDown; nothing is accepted any more.
  void stop();
  /// Queues a command; the call is over at once when that is refused. Words are copied.
  void send(RedisCall& call, CommandWords words, bool repeatable);
  bool down() const noexcept { return state_ == State::kDown; }

 private:
  using Slot = RedisCall::Slot;
  enum class State : std::uint8_t { kConnecting, kUp, kDown };
  /// Holds the object until it is stopped and the other coroutines are through with it.
  static net::Detached run(std::shared_ptr<RedisConnection> self);
  static net::Detached flushSoon(RedisConnection& me);
  static net::Detached flushWhenWritable(RedisConnection& me);
  net::Task<Error> readReplies();
  void push(Slot slot, std::size_t size);
  void flush();
  void wantFlush();
  void onReply(Reply reply);
  void onHealth(const Slot& slot, const Reply& reply);
  void pop();
  void settle(const Error& why);
  void failAll(const Error& why);
  void failQueued();
  void expire();
  void checkHealth();
  void armTimer();
  void goUp();
  void goDown(const Error& why);
  void tellEnd(const Error& why);
  void breakOff(Error why);
  void note(RedisFault fault, const std::string& text);

  net::Loop& loop_;
  std::weak_ptr<RedisConnection> self_;
  std::shared_ptr<RedisShared> shared_;
  std::unique_ptr<RedisConnector> connector_;
  const bool counts_;
  RedisLink link_;
  Pause pause_;
  net::Deadline timer_;
  static constexpr std::chrono::seconds kHealthEach{1};
  net::Deadline health_;
  State state_ = State::kConnecting;
  bool stopping_ = false;
  bool flush_wanted_ = false;
  bool write_waiting_ = false;
  bool broken_ = false;
  Error break_why_;
  Error why_;
  std::string reason_;
  std::deque<Slot> queue_;   // front: the oldest without a reply
  std::deque<Slot> failed_;  // about to be told why_
  std::string bytes_;        // of the queue, from head_ on
  std::size_t head_ = 0;
  std::size_t flushed_ = 0;  // how far the kernel has taken bytes_
  Clock::time_point last_reply_{};
};

}  // namespace tykpp::storage
