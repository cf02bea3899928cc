#pragma once
// What scripts write without the form of a log line: `rawlog` and `console`. A slow reader of our
// output must not hold a worker, so a thread writes; what does not fit the queue is dropped.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tykpp::drivers::js {

/// Thread: any.
class OutputPump {
 public:
  enum class To : int { kStdout = 1, kStderr = 2 };
  OutputPump() = default;
  /// Writes what is queued.
  ~OutputPump();
  OutputPump(const OutputPump&) = delete;
  OutputPump& operator=(const OutputPump&) = delete;
  void write(To to, std::string line);

 private:
  struct Line {
    To to;
    std::string text;
  };
  static constexpr std::size_t kMaxQueuedBytes = 1 << 20;
  void pump();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Line> queue_;
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // started by the first line
};

}  // namespace tykpp::drivers::js
