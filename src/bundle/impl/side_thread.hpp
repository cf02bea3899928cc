#pragma once
// The thread on which bundles are unpacked and verified, and the clock of repeated downloads.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.hpp"

namespace tykpp::bundle {

/// Jobs for a thread. Outlives the thread where a late answer still holds it; then it takes
/// nothing.
class Mailbox {
 public:
  using Job = std::function<void()>;
  /// Runs the job not before `when`, jobs of one time in order. Thread: any.
  void post(Job job, Clock::time_point when = {});
  /// Destroys what waits and takes no more.
  void close();
  /// True after close(); looked at by long jobs.
  const std::atomic<bool>& stopped() const noexcept { return stopped_; }
  /// Runs jobs until close().
  void run();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, Job> jobs_;
  std::atomic<bool> stopped_{false};
};

/// The thread that empties a mailbox. The destructor closes it and waits for the job that runs.
class SideThread {
 public:
  explicit SideThread(std::shared_ptr<Mailbox> mailbox);
  ~SideThread();
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::thread thread_;
};

}  // namespace tykpp::bundle
