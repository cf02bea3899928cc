#pragma once
// The event loop of one worker: an Asio io_context (posts, timers, signals) with a readiness set of
// our own beside it. Asio watches the set's descriptor; sockets are registered in the set once,
// edge-triggered and with EPOLLRDHUP, which spares the wasted recv or epoll_ctl that each read wait
// costs otherwise (docs/decisions/0001-task-and-readiness.md).

#include <sys/epoll.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <vector>

#include "base/arena.hpp"
#include "net/deadline.hpp"

namespace tykpp::net {

class Socket;

/// What the kernel knows a socket by. Outlives the socket until the end of a round, so that an
/// event that was already fetched for a closed socket finds nobody instead of freed memory.
struct Registration {
  Socket* socket = nullptr;
};

/// Thread: every member but post() and stop() belongs to the thread in run(), or to the maker
/// before run().
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). Exceptions of posted functions are logged, not thrown.
  void run();
  /// Thread: any.
  void stop();
  /// Runs the function on the loop's thread, in the order of the posts. Thread: any.
  void post(std::function<void()> function);

  /// Resumes a coroutine after what is ready now has had its turn. @see Yield
  void resumeLater(std::coroutine_handle<> coroutine);

  /// Looks for events of sockets without sleeping, and handles the first that come. Posts and
  /// timers wait meanwhile. For the last thing that a posted function does. @return whether any
  /// came
  bool poll(std::chrono::microseconds most);

  boost::asio::io_context& io() noexcept { return io_; }
  Wheel& wheel() noexcept { return wheel_; }
  Clock::time_point now() const noexcept { return wheel_.now(); }
  BlockPool& blocks() noexcept { return blocks_; }

  /// Adds a socket's descriptor to the set. @return null when the kernel refuses
  Registration* watch(int fd, Socket& socket);
  /// Forgets a socket; its descriptor is about to be closed.
  void unwatch(Registration* registration) noexcept;

 private:
  void armSet();
  int takeEvents();
  void round();
  void armTimer();
  void startTimer();
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::posix::stream_descriptor set_;
  boost::asio::steady_timer timer_;
  Wheel wheel_;
  BlockPool blocks_;
  std::vector<std::coroutine_handle<>> later_;
  std::vector<Registration*> buried_;
  std::vector<std::unique_ptr<Registration>> all_;
  std::vector<Registration*> free_;
};

/// `co_await Yield(loop)`: lets others run. For loops that may find work for ever without waiting,
/// so that one fast connection cannot keep a worker to itself.
class Yield {
 public:
  explicit Yield(Loop& loop) noexcept : loop_(loop) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) { loop_.resumeLater(caller); }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
};

/// Counts turns: `if (turns.over()) co_await …` a Yield every so many.
class Turns {
 public:
  explicit Turns(int each) noexcept : each_(each) {}
  bool over() noexcept { return ++count_ % each_ == 0; }

 private:
  int each_;
  int count_ = 0;
};

}  // namespace tykpp::net
