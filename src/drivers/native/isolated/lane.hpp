#pragma once
// The calls of one worker to one plugin host: written together at the end of the loop's turn, read
// as they come. All of it is the worker's alone.

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/native/isolated/call_message.hpp"
#include "drivers/native/isolated/host.hpp"
#include "net/socket.hpp"

namespace tykpp::drivers::native::isolated {

/// A call under way, in its lane from start() to release().
struct Call {
  enum class State : std::uint8_t {
    kFree,
    kSent,       ///< the host has it
    kAnswered,   ///< `reply` is there
    kFailed,     ///< the host died or broke the rules; `failure` says more
    kStopped,    ///< the client left, or the deadline passed
    kAbandoned,  ///< nobody waits; the host has it still
  };
  State state = State::kFree;
  std::uint32_t index = 0;
  std::uint32_t turn = 0;  ///< how often this place was used: tells a late reply from a present one
  std::size_t bytes = 0;
  std::uint64_t request_id = 0;
  Clock::time_point deadline;
  std::coroutine_handle<> waiter;
  std::string_view reply;  ///< body of its frame, until the waiter's first pause
  std::string kept;        ///< holds the reply when nobody waited yet
  std::string failure;

  std::uint64_t id() const noexcept { return std::uint64_t{turn} << 32 | index; }
};

class Lane : public std::enable_shared_from_this<Lane> {
 public:
  Lane(std::shared_ptr<Host> host, net::Loop& loop);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Writes the call, opens the socket when there is none.
  /// @error kPluginFailed  the host is down, or too much waits for it already
  Result<Call*> start(const HookCall& call, std::uint64_t hook, bool reads_body);
  /// The reply was taken, or nobody waits any more: the host is told then.
  void release(Call& call);
  /// Ends a wait a turn later, from where nobody may be resumed.
  void stopSoon(const Call& call);
  /// The request's state goes with the exchange: the host hears when it is over.
  void attachState(http::Exchange& exchange);
  /// The host sent something no host sends: it is ended, and another follows.
  void condemn(const std::string& reason);
  /// No more calls; those under way fail.
  void close();

  const Host& host() const noexcept { return *host_; }
  net::Loop& loop() noexcept { return loop_; }

 private:
  friend class StateNote;
  Result<void> open();
  Call& take();
  void freeCall(Call& call);
  Call* find(std::uint64_t id);
  void scheduleFlush();
  void flush();
  void onReadable();
  /// @return false when the lane was closed
  bool readSome(bool& more);
  bool takeFrames();
  bool takeReply(std::string_view body);
  void fail(const std::string& why);
  void over(std::uint64_t request_id, std::uint64_t generation);

  /// Waits for room in the socket without a coroutine.
  struct Room : net::Waiter {
    Lane* lane;
  };

  const std::shared_ptr<Host> host_;
  net::Loop& loop_;
  net::Socket socket_;
  std::uint64_t generation_ = 0;  // of the process at the other end
  std::deque<Call> calls_;        // addresses stay
  std::vector<std::uint32_t> free_;
  std::size_t under_way_ = 0;
  std::size_t bytes_ = 0;  // of the calls under way
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  bool flush_due_ = false;
  bool blocked_ = false;
  Room room_{};
  std::vector<char> in_;
  std::size_t in_end_ = 0;  // bytes of in_ that came
  std::string condemned_;
  std::shared_ptr<Lane> self_;  // while the socket is open: the loop knows its address
};

}  // namespace tykpp::drivers::native::isolated
