#pragma once
// Starts host processes, takes what they write to the log, and starts those that die again. One
// thread for all of them: a process that is told to end with its parent ends with this thread.

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "drivers/native/isolated/host.hpp"

namespace tykpp::drivers::native::isolated {

class Supervisor {
 public:
  Supervisor();
  /// Ends every process.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Has the host's first process started. Thread: any.
  void add(std::shared_ptr<Host> host);
  /// Every host that is not retired. Thread: any.
  std::vector<std::shared_ptr<Host>> hosts() const;

 private:
  static void wake(void* self);
  void run();
  void adopt();
  /// What a host wants to be woken for.
  void step(Host& host, Clock::time_point now);
  void readControl(Host& host);
  void readOutput(Host& host);
  void take(Host& host, const Frame& frame);
  void takeTable(Host& host, FrameReader frame);
  void takeLog(const Host& host, FrameReader frame);
  void writeLines(Host& host, std::string_view bytes);
  static void keepLine(Host& host, std::string_view line);

  void start(Host& host);
  /// The process is dead or is killed here: its end is logged, the next start is set.
  void died(Host& host, const std::string& why);
  void ended(Host& host);
  void setDown(Host& host, const std::string& why);

  int bell_;                  // an eventfd
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::shared_ptr<Host>> new_;
  std::vector<std::weak_ptr<Host>> known_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<Host>> hosts_;  // the thread's alone
  std::thread thread_;
};

/// Runs `options.executable plugin-host`, its control socket in `control` and its output in
/// `output`; both ends are the caller's. @return its id
/// @error kBadPlugin  why it could not be started
struct Spawned {
  pid_t pid;
  int control;
  int output;
};
Result<Spawned> spawnHost(const HostOptions& options);

}  // namespace tykpp::drivers::native::isolated
