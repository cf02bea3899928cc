#pragma once
// The threads of a plugin host that run hooks which may block.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace tykpp::drivers::native::isolated {

/// Thread: any. Lives as long as the process.
class ChildPool {
 public:
  explicit ChildPool(unsigned max_threads) : max_threads_(max_threads) {}
  /// Runs `job` on one of its threads; makes another thread when all are busy and more may be.
  void run(std::function<void()> job);

 private:
  void serve();

  const unsigned max_threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // bounded by the calls that the gateway lets wait
  unsigned threads_ = 0;
  unsigned idle_ = 0;
};

}  // namespace tykpp::drivers::native::isolated
