#pragma once
// One request through an API that is not registered, on a worker: a pipeline of its own serves one
// end of a socket pair, and the request is written to the other, where its answer is read. What the
// workers serve does not know of it.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "admin/debug_call.hpp"
#include "base/log_capture.hpp"
#include "gateway/snapshot.hpp"
#include "net/task.hpp"

namespace tykpp::gateway {

class Worker;
struct PipelineShared;

/// Made on the main thread, runs on the worker, freed on the main thread.
class DebugRun : public std::enable_shared_from_this<DebugRun> {
 public:
  /// An answer beyond this is cut.
  static constexpr std::size_t kMaxAnswerBytes = 16 * 1024 * 1024;
  /// Numbers that a run's requests may have.
  static constexpr std::uint64_t kRequestNumbers = 16;

  struct Parts {
    Worker& worker;
    const PipelineShared& shared;
    std::shared_ptr<const Snapshot> snapshot;  ///< of one API
    std::unique_ptr<log::Capture> log;
    http::RequestParts request;
    http::WireRequest wire;
    std::chrono::milliseconds patience;             ///< for the whole of it
    std::uint64_t first_request;                    ///< numbers behind this one are the run's
    std::function<void(admin::DebugOutcome)> done;  ///< called once, on the worker
    /// Called behind it, on the worker: nothing of the run is left there. Takes it home.
    std::function<void(std::shared_ptr<DebugRun>)> ended;
  };
  explicit DebugRun(Parts parts);
  ~DebugRun();
  DebugRun(const DebugRun&) = delete;
  DebugRun& operator=(const DebugRun&) = delete;

  /// Thread: the worker.
  void start();
  /// Cuts it off; the outcome is a failure for this reason unless there is one. Thread: the worker.
  void giveUp(const std::string& why);

 private:
  struct Live;
  static net::Detached send(std::shared_ptr<DebugRun> self);
  static net::Detached receive(std::shared_ptr<DebugRun> self);
  static void onTimeout(net::Deadline& deadline, void* self);
  static void onTick(net::Deadline& deadline, void* self);
  void answered();
  void deliver(admin::DebugOutcome outcome);
  void fail(std::string why);
  void settle();
  /// Ends the run once its connection is gone. @param self  this, on its way to the main thread
  void reap(std::shared_ptr<DebugRun> self);
  void reapSoon();

  Parts parts_;
  std::unique_ptr<Live> live_;  // the worker's
};

}  // namespace tykpp::gateway
