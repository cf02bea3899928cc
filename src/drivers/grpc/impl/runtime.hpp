#pragma once
// What the driver keeps while the process runs: a lane for each worker, the servers in use, and the
// count of events on their way.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "definition/gateway_config.hpp"
#include "drivers/grpc/impl/lane.hpp"
#include "drivers/grpc/impl/server.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::grpc {

/// Thread: any. Loaded plugins may outlive stop().
class Runtime : public std::enable_shared_from_this<Runtime> {
 public:
  Runtime(const definition::GrpcConfig& config, WorkerServices& services, LaneLimits limits);
  ~Runtime();

  /// The server at an address; plugins that name one address share it for as long as any of them is
  /// loaded. Worker 0 connects at once: the first request finds it, and health pages know.
  Result<std::shared_ptr<Server>> server(const std::string& address);
  /// Null when the worker has no loop. Thread: that worker.
  std::shared_ptr<Lane> lane(std::uint32_t worker);
  std::vector<RemoteServer> servers() const;
  /// Calls `DispatchEvent` from worker 0 and does not wait. An event too many, or one that does not
  /// get there, is lost with a log line.
  /// @param ticket  let go when the server has answered, or the event is lost
  void sendEvent(const std::shared_ptr<Server>& server, const std::string& handler,
                 std::string payload, std::chrono::milliseconds timeout,
                 std::shared_ptr<void> ticket);
  /// Ends what is under way. The workers have stopped.
  void stop();

 private:
  void complainOfEvent(const EventNote& event, const std::string& why);

  const definition::GrpcConfig config_;
  WorkerServices& services_;
  const LaneLimits limits_;
  NameService names_;
  const std::shared_ptr<std::atomic<std::size_t>> events_ =
      std::make_shared<std::atomic<std::size_t>>(0);
  mutable std::mutex mutex_;  // guards what follows
  bool stopped_ = false;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::map<std::string, std::weak_ptr<Server>> servers_;
  Clock::time_point last_event_line_;  // of at most one a second
};

}  // namespace tykpp::drivers::grpc
