#pragma once
// The calls of one worker to plugin servers, on the worker's own loop.

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "drivers/grpc/impl/busy_poll.hpp"
#include "drivers/grpc/impl/call.hpp"
#include "drivers/grpc/impl/name_service.hpp"
#include "drivers/grpc/impl/request_message.hpp"
#include "net/loop.hpp"

namespace tykpp::drivers::grpc {

class Channel;
class Connection;

struct LaneLimits {
  std::size_t max_calls = 4096;
  /// Bytes of the messages of calls under way, and of their answers; one call alone may have more.
  std::size_t max_bytes = 256U << 20;
  /// How long a worker with nothing else to do polls for an answer.
  std::chrono::microseconds busy_poll{0};
};

/// Told about events that did not get there. Thread: the lane's worker.
using EventLost = void (*)(void* runtime, const EventNote& event, const std::string& why);

/// Thread: its worker; close() when that has stopped.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  Lane(net::Loop& loop, NameService& names, LaneLimits limits);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Makes a call of `Dispatch`. @return null when too many calls are under way
  Call* start(Channel& channel, const RequestMessage& message, Clock::time_point deadline);
  /// Makes a call of `DispatchEvent` that nobody waits for. @return false as above
  bool sendEvent(Channel& channel, const std::string& payload, Clock::time_point deadline,
                 std::shared_ptr<EventNote> note, EventLost lost, void* runtime);
  /// The call's answer was taken, or nobody waits for it any more: then it is cancelled.
  void release(Call& call);
  /// Ends the call early, CANCELLED; its waiter is resumed at the end of the turn.
  void cancel(Call& call);
  /// Ends every call and connection; no call is started any more. Waiters are not resumed.
  void close();
  RequestMessage& message() noexcept { return message_; }

  // For channels and connections.
  net::Loop& loop() noexcept { return loop_; }
  net::Resolver& resolver() { return names_.get(); }
  void keep(std::shared_ptr<Channel> channel);
  void forget(const std::shared_ptr<Channel>& channel);
  /// The connection has bytes to send (or to read) when this turn is over.
  void atEndOfTurn(Connection& connection);
  /// The call has ended. Its waiter is resumed by settle(), or at the end of the turn.
  void ended(Call& call);
  /// Resumes the waiters of calls that have ended. Not from within a session's callbacks.
  void settle();
  /// Counts bytes of an answer. @return false when there are too many
  bool hold(Call& call, std::size_t bytes);
  /// Memory that connections read into.
  std::span<char> input() noexcept { return {input_.get(), kInputBytes}; }

 private:
  friend class Call;
  static constexpr std::size_t kInputBytes = 64U << 10;
  Call* begin(Channel& channel, std::string_view path, std::size_t size,
              Clock::time_point deadline);
  void launch(Channel& channel, Call& call);
  void expire(Call& call);
  void schedule();
  void endOfTurn();
  void pollForAnswer();
  /// Polls for what follows an answer. @param turns  at most so many times
  void stayAwake(int turns);
  void finish(Call& call);
  void recycle(Call& call);

  net::Loop& loop_;
  NameService& names_;
  const LaneLimits limits_;
  RequestMessage message_;
  std::vector<std::shared_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<Call>> calls_;  // under way, or answered and not released
  std::vector<std::unique_ptr<Call>> spare_;
  std::vector<Call*> ended_;                                     // to be settled
  std::vector<std::shared_ptr<Connection>> connections_, turn_;  // that have something to do
  std::unique_ptr<char[]> input_;
  std::size_t bytes_ = 0;
  BusyPoll busy_poll_;
  std::uint64_t finished_ = 0;  // calls
  EventLost event_lost_ = nullptr;
  void* runtime_ = nullptr;
  bool scheduled_ = false;
  bool settling_ = false;
  bool closed_ = false;
};

}  // namespace tykpp::drivers::grpc
