#pragma once
// The file's thread: jobs come in through a bounded queue, run in batches with one commit for all
// writes of a batch, and go back to the loops they came from. A job is answered only after its
// batch is on disk. Counters are written behind from here.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/loop.hpp"
#include "storage/impl/embedded_cache.hpp"
#include "storage/impl/embedded_counters.hpp"
#include "storage/impl/embedded_database.hpp"
#include "storage/impl/store_status.hpp"

namespace tykpp::storage {

/// The wall clock at the start of the process plus what has passed since: setting the clock changes
/// no deadline until the next start.
class StoreClock {
 public:
  StoreClock();
  std::int64_t nowMs() const noexcept;

 private:
  const std::int64_t wall_ms_;
  const Clock::time_point start_;
};

/// What a job works with, on the file's thread.
struct Work {
  Database& database;
  Counters& counters;
  SlidingLogs& logs;
  const std::int64_t now_ms;
  std::vector<std::string>& touched;  ///< keys of entries the batch changes

  struct Found {
    std::string key;
    std::string value;
    std::int64_t expires;
  };
  std::vector<Found>& found;  ///< values worth keeping in memory
};

/// The way back to a client's loop. Closed when the client goes, after which the loop may go, too.
/// Thread: any.
class LoopGate {
 public:
  explicit LoopGate(net::Loop& loop) : loop_(&loop) {}
  void close() {
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }
  /// Drops the function once the gate is closed.
  void post(std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(function));
  }

 private:
  std::mutex mutex_;
  net::Loop* loop_;
};

/// Something a loop wants done with the file. Made and answered on its loop.
class Job {
 public:
  Job(std::shared_ptr<LoopGate> gate, bool writes) : gate_(std::move(gate)), writes_(writes) {}
  virtual ~Job() = default;
  virtual void run(Work& work) = 0;
  virtual void fail(const Error& error) = 0;
  /// On the loop: the result is there.
  virtual void deliver() = 0;
  bool writes() const noexcept { return writes_; }
  const std::shared_ptr<LoopGate>& gate() const noexcept { return gate_; }

 private:
  const std::shared_ptr<LoopGate> gate_;
  const bool writes_;
};

/// Thread: any, unless said otherwise.
class Engine {
 public:
  explicit Engine(EmbeddedOptions options);
  /// Runs what waits, writes the counters, closes the file. The clients are gone.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Queues a job. @error kIo  the file cannot be used, kForbidden  too many wait
  Result<void> submit(std::shared_ptr<Job> job);

  const EmbeddedOptions& options() const noexcept { return options_; }
  const StoreClock& clock() const noexcept { return clock_; }
  ValueCache& cache() noexcept { return cache_; }
  Counters& counters() noexcept { return counters_; }
  SlidingLogs& logs() noexcept { return logs_; }
  StoreStatus& status() noexcept { return status_; }

 private:
  using Batch = std::vector<std::shared_ptr<Job>>;
  void work();
  bool openFile();
  void serve();
  Batch takeBatch();
  void process(const Batch& batch);
  bool runAll(const Batch& batch, bool writes, Work& work);
  void failWrites(const Batch& batch);
  void keepFound(const std::vector<std::string>& touched, std::vector<Work::Found>& found);
  static void deliver(const Batch& batch);
  void failQueued(const Error& error);
  void writeBehind();
  void sweep();
  void noteFailure();

  const EmbeddedOptions options_;
  const StoreClock clock_;
  ValueCache cache_;
  Counters counters_;
  SlidingLogs logs_;
  StoreStatus status_{"embedded"};
  std::unique_ptr<Database> database_;  // the thread's alone

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::string closed_reason_{};  // not empty: the file cannot be used
  bool dirty_ = false;           // counters wait to be written
  bool stopping_ = false;
  Clock::time_point next_write_{};
  Clock::time_point next_sweep_{};
  std::thread thread_;
};

}  // namespace tykpp::storage
