#pragma once
// What the driver keeps while the process runs: the completion queue, a lane for each worker, the
// servers in use, and events on their way.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "definition/gateway_config.hpp"
#include "drivers/grpc/impl/call_queue.hpp"
#include "drivers/grpc/impl/lane.hpp"
#include "drivers/grpc/impl/server.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::grpc {

struct EventCall;

/// Thread: any. Loaded plugins may outlive stop().
class Runtime {
 public:
  Runtime(const definition::GrpcConfig& config, WorkerServices& services, LaneLimits limits);
  ~Runtime();

  /// The server at an address; plugins that name one address share it for as long as any of them is
  /// loaded.
  Result<std::shared_ptr<Server>> server(const std::string& address);
  std::shared_ptr<Lane> lane(std::uint32_t worker);
  std::vector<RemoteServer> servers() const;
  /// Calls `DispatchEvent` and does not wait. An event too many, or one that does not get there, is
  /// lost with a log line.
  /// @param ticket  let go when the server has answered, or the event is lost
  void sendEvent(const std::shared_ptr<Server>& server, const std::string& handler,
                 const std::string& payload, std::chrono::milliseconds timeout,
                 std::shared_ptr<void> ticket);
  /// Cancels what is under way and waits for it to end. The workers run no calls any more.
  void stop();

 private:
  friend struct EventCall;
  void eventEnded(EventCall& event) noexcept;
  void complainOfEvent(const Server& server, const std::string& handler, const std::string& why);

  const definition::GrpcConfig config_;
  WorkerServices& services_;
  const LaneLimits limits_;
  mutable std::mutex mutex_;  // guards what follows
  std::unique_ptr<CallQueue> queue_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::map<std::string, std::weak_ptr<Server>> servers_;
  std::map<EventCall*, std::unique_ptr<EventCall>> events_;
  Clock::time_point last_event_line_;  // of at most one a second
};

}  // namespace tykpp::drivers::grpc
