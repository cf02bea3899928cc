#pragma once
// CPython inside the process: made once, at the first API that needs it, and never taken down.
// Loading runs on a thread of its own, so that a module that does not end holds up nobody for good.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

struct _ts;  // PyThreadState

namespace tykpp::drivers::python {

/// How often a thread that runs past its time is interrupted: the plugin may catch the first ones.
inline constexpr std::chrono::milliseconds kInterruptPeriod{100};

struct InterpreterOptions {
  std::string path_prefix;                 ///< `python_path_prefix`
  std::string version;                     ///< `python_version`
  std::vector<std::string> site_packages;  ///< `python_site_packages`
};

class Interpreter {
 public:
  static Interpreter& get();

  /// Main thread. The first call decides; later ones answer the same.
  /// @error kBadPlugin  why there is no Python
  Result<void> start(const InterpreterOptions& options);
  /// Runs a job with the GIL on the loader thread and waits for it. @return false when it did not
  /// end in time: it is interrupted and, if that does not help, left alone. What it refers to must
  /// therefore live on. Thread: any that holds no GIL.
  bool run(std::function<void()> job, std::chrono::milliseconds limit);
  /// The same without waiting.
  void later(std::function<void()> job);

  /// A thread state for the calling thread, with the GIL held. @return null when Python does not
  /// run
  _ts* attachNew();
  /// Ends what attachNew() began.
  static void detachForGood(_ts* state);

 private:
  struct Job {
    std::function<void()> work;
    bool done = false;
    unsigned long thread = 0;  // Python's identifier, once it runs
  };
  Result<void> initialise(const InterpreterOptions& options);
  Result<void> configure(const InterpreterOptions& options);
  std::shared_ptr<Job> enqueue(std::function<void()> work);
  void startLoader();
  void serve(unsigned generation);
  bool finishInterrupted(const std::shared_ptr<Job>& job);

  std::optional<Result<void>> started_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;
  unsigned generation_ = 0;  // of the loader thread: an older one ends when it can
};

}  // namespace tykpp::drivers::python
