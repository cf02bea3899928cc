#include "drivers/python/impl/pool.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "drivers/python/impl/dispatch.hpp"
#include "drivers/python/impl/host.hpp"
#include "drivers/python/impl/interpreter.hpp"

namespace tykpp::drivers::python {
namespace {

/// A thread that took no call for this long while some wait is blocked in what it runs.
constexpr std::chrono::milliseconds kStuck{1};

}  // namespace

struct Pool::Thread {
  std::binary_semaphore wake{0};
  bool asleep = false;
  bool lost = false;
  unsigned long identity = 0;     // Python's
  std::shared_ptr<Call> current;  // guarded by the pool's mutex, changed with the GIL held
  bool interrupted = false;       // with the GIL
  Clock::time_point last_interrupt;
};

struct Pool::Outbox {
  std::vector<std::shared_ptr<Call>> calls;
  bool posted = false;
};

Pool& Pool::make(Interpreter& interpreter, PoolLimits limits, Post post, Returned returned) {
  static auto* const all = new std::vector<Pool*>;  // so that none counts as a leak
  all->push_back(new Pool(interpreter, limits, std::move(post), returned));
  return *all->back();
}

Pool::Pool(Interpreter& interpreter, PoolLimits limits, Post post, Returned returned)
    : interpreter_(interpreter), limits_(limits), post_(std::move(post)), returned_(returned) {
  {
    const std::lock_guard lock(mutex_);
    for (unsigned i = 0; i < limits_.threads; ++i) startThread();
  }
  std::thread([this] { watch(); }).detach();
  std::thread([this] { interruptOverdue(); }).detach();
}

/// With the mutex.
void Pool::startThread() {
  threads_.push_back(std::make_unique<Thread>());
  Thread& thread = *threads_.back();
  ++awake_;
  std::thread([this, &thread] { serve(thread); }).detach();
}

bool Pool::submit(std::shared_ptr<Call> call) {
  Thread* woken = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = call->bytes();
    if (stopping_ || queue_.size() >= limits_.max_calls ||
        (queued_bytes_ != 0 && queued_bytes_ + bytes > limits_.max_bytes)) {
      return false;
    }
    queued_bytes_ += bytes;
    while (outboxes_.size() <= call->worker) outboxes_.push_back(std::make_unique<Outbox>());
    queue_.push_back(std::move(call));
    if (awake_ == 0) {
      woken = idleThread();
    } else if (!idle_.empty() && Clock::now() - last_taken_ > kStuck) {
      woken = idleThread();
    }
  }
  if (woken != nullptr) woken->wake.release();
  return true;
}

/// With the mutex: a thread to wake, or null.
Pool::Thread* Pool::idleThread() {
  if (idle_.empty()) return nullptr;
  Thread* thread = idle_.back();
  idle_.pop_back();
  thread->asleep = false;
  ++awake_;
  last_taken_ = Clock::now();  // it gets its time to begin
  if (watch_asleep_) watch_changed_.notify_one();
  return thread;
}

void Pool::serve(Thread& thread) {
  PyThreadState* const state = interpreter_.attachNew();
  thread.identity = PyThread_get_thread_ident();
  for (;;) {
    std::shared_ptr<Call> call = takeNext(thread);
    if (call != nullptr) {
      runCall(thread, call);
      if (giveBack(thread, std::move(call))) continue;
      break;  // it was lost, and another has its place
    }
    PyEval_SaveThread();
    const bool go_on = sleep(thread);
    PyEval_RestoreThread(state);
    if (!go_on) break;
  }
  Interpreter::detachForGood(state);
  const std::lock_guard lock(mutex_);
  if (thread.lost) --lost_now_;
  std::erase_if(threads_, [&thread](const auto& other) { return other.get() == &thread; });
}

/// Without the GIL. @return false when the thread is to end
bool Pool::sleep(Thread& thread) {
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty()) return true;
    --awake_;
    if (stopping_) return false;
    thread.asleep = true;
    idle_.push_back(&thread);
  }
  thread.wake.acquire();
  const std::lock_guard lock(mutex_);
  if (!stopping_ || !queue_.empty()) return true;
  --awake_;
  return false;
}

/// With the GIL.
std::shared_ptr<Call> Pool::takeNext(Thread& thread) {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty()) {
    std::shared_ptr<Call> call = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= call->bytes();
    if (call->unwanted.load(std::memory_order_relaxed)) continue;
    thread.current = call;
    last_taken_ = Clock::now();
    if (watch_asleep_) watch_changed_.notify_one();
    return call;
  }
  return nullptr;
}

void Pool::runCall(Thread& thread, const std::shared_ptr<Call>& call) {
  dispatch(call);
  if (!thread.interrupted) return;
  // An exception that came too late must not hit the next call.
  PyThreadState_SetAsyncExc(thread.identity, nullptr);
  PyErr_Clear();
  thread.interrupted = false;
}

/// With the GIL. Nothing of Python holds the call any more, unless the plugin kept an object of it.
/// @return false when the thread has been replaced meanwhile
bool Pool::giveBack(Thread& thread, std::shared_ptr<Call> call) {
  const std::uint32_t worker = call->worker;
  bool post = false;
  bool lost = false;
  {
    const std::lock_guard lock(mutex_);
    thread.current.reset();
    lost = thread.lost;
    Outbox& outbox = *outboxes_[worker];
    outbox.calls.push_back(std::move(call));
    // One post carries all that come until the worker gets to it.
    post = !std::exchange(outbox.posted, true);
  }
  if (post) post_(worker, [this, worker] { drain(worker); });
  return !lost;
}

void Pool::drain(std::uint32_t worker) {
  std::vector<std::shared_ptr<Call>> calls;
  {
    const std::lock_guard lock(mutex_);
    Outbox& outbox = *outboxes_[worker];
    calls.swap(outbox.calls);
    outbox.posted = false;
  }
  for (std::shared_ptr<Call>& call : calls) returned_(std::move(call));
}

void Pool::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (Thread* thread : idle_) {
    thread->asleep = false;
    ++awake_;
    thread->wake.release();
  }
  idle_.clear();
  watch_changed_.notify_all();
  overdue_changed_.notify_all();
}

std::uint64_t Pool::lostThreads() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

/// Looks at the threads while any is awake: wakes another one when calls wait behind a blocked one,
/// and has an eye on deadlines.
void Pool::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (awake_ == 0) {
      watch_asleep_ = true;
      watch_changed_.wait(lock, [this] { return awake_ != 0 || stopping_; });
      watch_asleep_ = false;
    }
    watch_changed_.wait_for(lock, kStuck);
    Thread* const woken = inspect(Clock::now());
    if (woken == nullptr) continue;
    lock.unlock();
    woken->wake.release();
    lock.lock();
  }
}

/// With the mutex.
Pool::Thread* Pool::inspect(Clock::time_point now) {
  unsigned replaced = 0;
  for (const auto& thread : threads_) {
    if (thread->current == nullptr || thread->lost || now < thread->current->deadline) continue;
    if (now - thread->last_interrupt >= kInterruptPeriod) {
      overdue_ = true;
      overdue_changed_.notify_one();
    }
    if (now - thread->current->deadline < limits_.grace || lost_now_ >= limits_.max_lost) continue;
    thread->lost = true;
    ++replaced;
    ++lost_;
    ++lost_now_;
    TYKPP_LOG(err, "python", "a hook does not end; its thread is replaced lost_threads={}", lost_);
  }
  for (; replaced > 0; --replaced) {
    --awake_;
    startThread();
  }
  if (queue_.empty() || now - last_taken_ <= kStuck) return nullptr;
  return idleThread();
}

/// Raises the timeout exception in threads whose hook is over its time. On a thread of its own: to
/// get the GIL may take for ever when a plugin's C code keeps it.
void Pool::interruptOverdue() {
  std::unique_lock lock(mutex_);
  for (;;) {
    overdue_changed_.wait(lock, [this] { return overdue_ || stopping_; });
    if (stopping_) return;
    overdue_ = false;
    lock.unlock();
    PyThreadState* const state = interpreter_.attachNew();
    lock.lock();
    const Clock::time_point now = Clock::now();
    for (const auto& thread : threads_) {
      if (thread->current == nullptr || now < thread->current->deadline) continue;
      if (now - thread->last_interrupt < kInterruptPeriod) continue;
      thread->last_interrupt = now;
      thread->interrupted = true;
      PyThreadState_SetAsyncExc(thread->identity, timeoutException());
    }
    lock.unlock();
    Interpreter::detachForGood(state);
    lock.lock();
  }
}

}  // namespace tykpp::drivers::python
