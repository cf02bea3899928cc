#pragma once
// A plugin server: its address, a connection for each worker, and what is known of its health.

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "drivers/grpc/impl/target.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::grpc {

/// Of one worker. A connection of its own keeps workers from waiting for each other's writes.
struct Endpoint {
  explicit Endpoint(std::shared_ptr<::grpc::Channel> given)
      : channel(std::move(given)), stub(channel) {}
  std::shared_ptr<::grpc::Channel> channel;
  ::grpc::GenericStub stub;
};

class Server {
 public:
  /// @error kBadPlugin  the address, or a file of certificates
  static Result<std::shared_ptr<Server>> open(const std::string& address,
                                              const definition::GrpcConfig& config);

  /// The worker's connection; made when it is first asked for, and connected by gRPC beside.
  /// Thread: any. Lives as long as the server.
  Endpoint& endpoint(std::uint32_t worker);
  /// A call ended. Thread: any.
  void note(const ::grpc::Status& status);
  /// Address, state and last error. Has idle connections made anew. Thread: any.
  RemoteServer state() const;
  const std::string& address() const noexcept { return address_; }

 private:
  Server(std::string address, Target target, const definition::GrpcConfig& config,
         std::shared_ptr<::grpc::ChannelCredentials> credentials);
  std::shared_ptr<::grpc::Channel> connect() const;

  const std::string address_;
  const Target target_;
  const definition::GrpcConfig config_;
  const std::shared_ptr<::grpc::ChannelCredentials> credentials_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::string error_;
  std::atomic<bool> failed_{false};  // there is an error: read without the lock after each call
};

}  // namespace tykpp::drivers::grpc
