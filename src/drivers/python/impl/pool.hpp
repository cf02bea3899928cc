#pragma once
// The threads that run hooks. Workers put calls into one bounded queue; a thread that is awake
// takes them one after the other without letting the GIL go, and another is woken only when the
// first got stuck in something. What is done goes back to its worker, as many as there are at once.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "drivers/python/impl/call.hpp"

namespace tykpp::drivers::python {

class Interpreter;

struct PoolLimits {
  unsigned threads = 4;
  unsigned max_lost = 64;  ///< threads that never came back from a call and were replaced
  std::size_t max_calls = 8192;
  std::size_t max_bytes = 256U << 20;     ///< of the texts and bodies that wait
  std::chrono::milliseconds grace{1000};  ///< behind the deadline, until a thread counts as lost
};

/// Lives for ever once made: threads that are stuck in a plugin may come back at any time.
class Pool {
 public:
  /// @param returned  called on the worker for each call that came back
  using Returned = void (*)(std::shared_ptr<Call> call);
  using Post = std::function<void(std::uint32_t worker, std::function<void()> fn)>;

  static Pool& make(Interpreter& interpreter, PoolLimits limits, Post post, Returned returned);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// @return false when the queue is full. Thread: any without the GIL.
  bool submit(std::shared_ptr<Call> call);
  /// Threads that are idle end; those that run a hook end after it.
  void stop();
  /// Threads that are stuck in a plugin for good, so far.
  std::uint64_t lostThreads() const;

 private:
  struct Thread;
  struct Outbox;
  Pool(Interpreter& interpreter, PoolLimits limits, Post post, Returned returned);
  void startThread();
  void serve(Thread& thread);
  bool sleep(Thread& thread);
  std::shared_ptr<Call> takeNext(Thread& thread);
  bool giveBack(Thread& thread, std::shared_ptr<Call> call);
  void runCall(Thread& thread, const std::shared_ptr<Call>& call);
  Thread* idleThread();
  void watch();
  Thread* inspect(Clock::time_point now);
  void interruptOverdue();
  void drain(std::uint32_t worker);

  Interpreter& interpreter_;
  const PoolLimits limits_;
  const Post post_;
  const Returned returned_;

  mutable std::mutex mutex_;  // taken with the GIL held, never the other way round
  std::deque<std::shared_ptr<Call>> queue_;
  std::size_t queued_bytes_ = 0;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Thread*> idle_;  // the last to fall asleep is the first to wake: its caches are warm
  unsigned awake_ = 0;
  Clock::time_point last_taken_;
  std::vector<std::unique_ptr<Outbox>> outboxes_;  // one a worker
  std::uint64_t lost_ = 0;
  unsigned lost_now_ = 0;
  bool stopping_ = false;

  std::condition_variable watch_changed_;
  bool watch_asleep_ = false;
  std::condition_variable overdue_changed_;
  bool overdue_ = false;
};

}  // namespace tykpp::drivers::python
