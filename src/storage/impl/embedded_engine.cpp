#include "storage/impl/embedded_engine.hpp"

#include <pthread.h>

#include <algorithm>
#include <map>
#include <utility>

namespace tykpp::storage {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr auto kReopen = std::chrono::seconds(1);
constexpr auto kSweepEach = std::chrono::seconds(10);
constexpr auto kSweepAgain = std::chrono::milliseconds(200);

/// One name a trouble, for the limit on log lines.
std::size_t kindOf(int failure) { return static_cast<std::size_t>(failure & 0x0f); }

}  // namespace

StoreClock::StoreClock()
    : wall_ms_(std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()),
      start_(Clock::now()) {}

std::int64_t StoreClock::nowMs() const noexcept {
  return wall_ms_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_).count();
}

Engine::Engine(EmbeddedOptions options)
    : options_(std::move(options)), cache_(options_.cache_bytes), counters_(options_.max_counters) {
  counters_.onDirty([this] {
    const std::lock_guard lock(mutex_);
    dirty_ = true;
    wake_.notify_one();
  });
  thread_ = std::thread([this] { work(); });
  ::pthread_setname_np(thread_.native_handle(), "tykpp-store");
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> Engine::submit(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Error(Errc::kShuttingDown, "the embedded store is closed");
  if (!closed_reason_.empty()) return Error(Errc::kIo, "embedded store: " + closed_reason_);
  if (queue_.size() >= options_.max_waiting) {
    return Error(Errc::kForbidden, "embedded store: too many operations wait for the file");
  }
  queue_.push_back(std::move(job));
  if (queue_.size() == 1) wake_.notify_one();
  return {};
}

void Engine::work() {
  for (;;) {
    if (openFile()) serve();
    std::unique_lock lock(mutex_);
    if (stopping_ || wake_.wait_for(lock, kReopen, [this] { return stopping_; })) break;
  }
  failQueued(Error(Errc::kShuttingDown, "the embedded store is closed"));
  database_.reset();
}

bool Engine::openFile() {
  auto opened = Database::open(options_.file);
  if (!opened) {
    const std::string reason = opened.error().message();
    {
      const std::lock_guard lock(mutex_);
      closed_reason_ = reason;
    }
    status_.failed(reason);
    failQueued(Error(Errc::kIo, "embedded store: " + reason));
    return false;
  }
  database_ = std::move(*opened);
  {
    const std::lock_guard lock(mutex_);
    closed_reason_.clear();
    dirty_ = dirty_ || counters_.dirty();
  }
  status_.connected();
  return true;
}

void Engine::failQueued(const Error& error) {
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch.assign(queue_.begin(), queue_.end());
    queue_.clear();
  }
  for (const auto& job : batch) job->fail(error);
  deliver(batch);
}

/// Until the store is closed, or the file turns out to be damaged.
void Engine::serve() {
  next_write_ = next_sweep_ = Clock::now();
  for (;;) {
    const Batch batch = takeBatch();
    process(batch);
    const Clock::time_point now = Clock::now();
    const int failure = database_->failure() & 0xff;
    const bool damaged = failure == SQLITE_CORRUPT || failure == SQLITE_NOTADB;
    bool stop = false;
    bool write = false;
    {
      const std::lock_guard lock(mutex_);
      stop = stopping_ && queue_.empty();
      write = dirty_ && (stop || now >= next_write_);
      if (write) dirty_ = false;
      if (damaged) closed_reason_ = database_->failureText();
    }
    if (damaged) {
      status_.lost(database_->failureText());
      database_.reset();
      return;
    }
    database_->clear();
    if (write) writeBehind();
    if (stop) return;
    if (now >= next_sweep_) sweep();
  }
}

Engine::Batch Engine::takeBatch() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !queue_.empty(); };
  while (!ready()) {
    if (dirty_ && Clock::now() >= next_write_) break;
    const auto until = dirty_ ? std::min(next_write_, next_sweep_) : next_sweep_;
    if (wake_.wait_until(lock, until) == std::cv_status::timeout) break;
  }
  Batch batch;
  const std::size_t count = std::min(queue_.size(), kBatch);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::move(queue_.begin(), end, std::back_inserter(batch));
  queue_.erase(queue_.begin(), end);
  return batch;
}

bool Engine::runAll(const Batch& batch, bool writes, Work& work) {
  for (const auto& job : batch) {
    if (!writes && job->writes()) continue;
    job->run(work);
    if (database_->failure() != SQLITE_OK) return false;
  }
  return true;
}

void Engine::process(const Batch& batch) {
  if (batch.empty()) return;
  std::vector<std::string> touched;
  std::vector<Work::Found> found;
  Work work{*database_, counters_, logs_, clock_.nowMs(), touched, found};
  const bool writes =
      std::any_of(batch.begin(), batch.end(), [](const auto& job) { return job->writes(); });
  if (writes) {
    // What is answered must survive a loss of power as well.
    database_->run("PRAGMA synchronous=FULL");
    database_->run("BEGIN IMMEDIATE");
  }
  bool done = runAll(batch, true, work);
  if (writes) database_->run("COMMIT");
  done = done && database_->failure() == SQLITE_OK;
  if (!done && writes) {
    failWrites(batch);
    touched.clear();
    found.clear();
    // Reads may have seen what was taken back.
    done = runAll(batch, false, work);
  }
  if (!done) {
    noteFailure();
    const Error error(Errc::kIo, "embedded store: " + database_->failureText());
    for (const auto& job : batch) {
      if (!job->writes()) job->fail(error);
    }
  }
  keepFound(touched, found);
  deliver(batch);
}

void Engine::failWrites(const Batch& batch) {
  noteFailure();
  const Error error(Errc::kIo, "embedded store: " + database_->failureText());
  database_->rollBack();
  for (const auto& job : batch) {
    if (job->writes()) job->fail(error);
  }
  const int failure = database_->failure() & 0xff;
  if (failure != SQLITE_CORRUPT && failure != SQLITE_NOTADB) database_->clear();
}

void Engine::noteFailure() {
  status_.trouble(kindOf(database_->failure()), database_->failureName(), database_->failureText());
}

void Engine::keepFound(const std::vector<std::string>& touched, std::vector<Work::Found>& found) {
  for (const std::string& key : touched) cache_.drop(key);
  for (Work::Found& value : found) {
    const bool stale = std::find(touched.begin(), touched.end(), value.key) != touched.end();
    if (!stale) cache_.put(value.key, std::move(value.value), value.expires);
  }
}

/// One post a loop, not one a job.
void Engine::deliver(const Batch& batch) {
  std::map<std::shared_ptr<LoopGate>, Batch> by_loop;
  for (const auto& job : batch) by_loop[job->gate()].push_back(job);
  for (auto& [gate, jobs] : by_loop) {
    gate->post([jobs = std::move(jobs)] {
      for (const auto& job : jobs) job->deliver();
    });
  }
}

void Engine::writeBehind() {
  next_write_ = Clock::now() + options_.write_behind;
  const std::vector<StoredCounter> counters = counters_.takeDirty();
  // A crash of the process loses nothing that was committed; a loss of power may take more than
  // the promised time back, at most to the last write of a key.
  database_->run("PRAGMA synchronous=NORMAL");
  database_->run("BEGIN IMMEDIATE");
  for (const StoredCounter& counter : counters) {
    if (counter.exists) {
      Query(*database_, "INSERT OR REPLACE INTO counter(key, value, expires) VALUES(?1, ?2, ?3)")
          .bytes(1, counter.key)
          .number(2, counter.value)
          .number(3, counter.expires)
          .all();
    } else {
      Query(*database_, "DELETE FROM counter WHERE key = ?1").bytes(1, counter.key).all();
    }
  }
  database_->run("COMMIT");
  if (database_->failure() == SQLITE_OK) return;
  noteFailure();
  database_->rollBack();
  database_->clear();
  counters_.putBack(counters);
  next_write_ = Clock::now() + std::max<std::chrono::milliseconds>(options_.write_behind, kReopen);
}

/// A few at a time, so that no operation waits long behind it.
void Engine::sweep() {
  const std::int64_t now_ms = clock_.nowMs();
  counters_.sweep(now_ms);
  logs_.sweep(now_ms * 1'000'000);
  database_->run("PRAGMA synchronous=NORMAL");
  database_->run("BEGIN IMMEDIATE");
  const auto remove = [&](const char* sql) {
    Query(*database_, sql).number(1, now_ms).all();
    return database_->changes();
  };
  remove(
      "DELETE FROM item WHERE key IN (SELECT key FROM entry WHERE expires > 0 AND expires <= ?1"
      " ORDER BY expires LIMIT 500)");
  remove(
      "DELETE FROM member WHERE key IN (SELECT key FROM entry WHERE expires > 0 AND expires <= ?1"
      " ORDER BY expires LIMIT 500)");
  int gone = remove(
      "DELETE FROM entry WHERE key IN (SELECT key FROM entry WHERE expires > 0 AND expires <= ?1"
      " ORDER BY expires LIMIT 500)");
  gone += remove(
      "DELETE FROM counter WHERE key IN (SELECT key FROM counter WHERE expires > 0 AND"
      " expires <= ?1 ORDER BY expires LIMIT 500)");
  database_->run("COMMIT");
  if (database_->failure() != SQLITE_OK) {
    noteFailure();
    database_->rollBack();
    database_->clear();
  }
  next_sweep_ =
      Clock::now() + (gone >= 500 ? Clock::duration(kSweepAgain) : Clock::duration(kSweepEach));
}

}  // namespace tykpp::storage
