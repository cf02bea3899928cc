#pragma once
// A plugin server: its address, a channel for each worker, and what is known of its health.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "definition/grpc_config.hpp"
#include "drivers/grpc/impl/channel.hpp"
#include "drivers/grpc/impl/lane.hpp"
#include "drivers/plugin_driver.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::grpc {

class Server {
 public:
  /// @param services  outlives the server, unless its channels are closed before
  /// @error kBadPlugin  the address, or a file of certificates
  static Result<std::shared_ptr<Server>> open(const std::string& address,
                                              const definition::GrpcConfig& config,
                                              WorkerServices& services);
  /// Has the channels closed, each on its worker. Thread: any.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The worker's channel; made when it is first asked for. Thread: that worker. Lives as long as
  /// the server.
  Channel& channel(std::uint32_t worker, const std::shared_ptr<Lane>& lane);
  /// Address, state and last error. Thread: any.
  RemoteServer state() const;
  const std::string& address() const noexcept { return address_; }

 private:
  Server(std::string address, std::unique_ptr<const Dialing> dialing, WorkerServices& services);

  struct Place {
    std::shared_ptr<Lane> lane;
    std::shared_ptr<Channel> channel;
  };
  const std::string address_;
  const std::shared_ptr<const Dialing> dialing_;
  const std::shared_ptr<Health> health_ = std::make_shared<Health>();
  WorkerServices& services_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Place> places_;
};

}  // namespace tykpp::drivers::grpc
