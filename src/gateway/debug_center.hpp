#pragma once
// `POST /tyk/debug`: makes a chain of a definition that is not registered and runs one request
// through it, beside everything that is served. Thread: main.

#include <functional>
#include <memory>
#include <set>

#include "admin/debug_call.hpp"
#include "gateway/bundle_loader.hpp"
#include "gateway/debug_run.hpp"
#include "gateway/event_center.hpp"
#include "gateway/pipeline.hpp"
#include "net/loop.hpp"

namespace tykpp::gateway {

class DebugCenter {
 public:
  /// Calls at a time; more are refused.
  static constexpr std::size_t kMostRuns = 8;
  /// With those that have answered and whose connections are being closed.
  static constexpr std::size_t kMostEnding = 4 * kMostRuns;
  /// Bytes of log lines that a call gets.
  static constexpr std::size_t kMaxLogBytes = 256 * 1024;

  /// All of it outlives the center.
  struct Parts {
    net::Loop& main;
    Worker& worker;  ///< where requests run
    std::uint32_t workers;
    const PipelineShared& shared;
    drivers::DriverRegistry& drivers;
    BundleLoader& bundles;
    EventCenter& events;
    session::Keyrings& keyrings;
  };
  explicit DebugCenter(const Parts& parts) : parts_(parts) {}

  /// @param done  called once, on the main thread
  void run(admin::DebugCall call, std::function<void(admin::DebugOutcome)> done);
  /// Runs that have not ended on their worker.
  std::size_t running() const noexcept { return runs_.size(); }
  /// The end: what runs is cut off, and nothing is run any more.
  void giveUp();

 private:
  using Spec = std::shared_ptr<const definition::ApiSpec>;
  /// Null: it cannot be used; the log says why.
  Spec read(const admin::DebugCall& call, log::Capture& log) const;
  std::shared_ptr<const Snapshot> build(const Spec& spec, log::Capture& log) const;
  void start(DebugRun::Parts parts, std::function<void(admin::DebugOutcome)> done);

  const Parts parts_;
  std::set<std::shared_ptr<DebugRun>> runs_;
  std::size_t waiting_ = 0;  // calls without an answer
  std::uint64_t started_ = 0;
  bool given_up_ = false;
};

}  // namespace tykpp::gateway
