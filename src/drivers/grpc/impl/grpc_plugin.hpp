#pragma once
// A hook of a plugin server, and its calls on one worker.

#include <memory>
#include <unordered_map>

#include "drivers/coprocess/message.hpp"
#include "drivers/grpc/impl/lane.hpp"
#include "drivers/grpc/impl/runtime.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::grpc {

/// What the calls of one hook share. Immutable.
struct HookFacts {
  coprocess::Facts facts;
  std::string constant;  ///< constantPart()
  std::size_t max_body;  ///< bytes of a body that a plugin makes
};

class GrpcLoaded final : public LoadedPlugin {
 public:
  GrpcLoaded(std::shared_ptr<const HookFacts> facts, std::shared_ptr<Server> server,
             std::shared_ptr<Runtime> runtime)
      : facts_(std::move(facts)), server_(std::move(server)), runtime_(std::move(runtime)) {}
  http::BodyNeed bodyNeed() const noexcept override { return http::BodyNeed::kBuffer; }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  std::shared_ptr<const HookFacts> facts_;
  std::shared_ptr<Server> server_;
  std::shared_ptr<Runtime> runtime_;
};

class GrpcBound final : public BoundPlugin {
 public:
  GrpcBound(std::shared_ptr<const HookFacts> facts, std::shared_ptr<Server> server,
            Channel& channel, std::shared_ptr<Lane> lane)
      : facts_(std::move(facts)),
        server_(std::move(server)),
        channel_(channel),
        lane_(std::move(lane)) {}
  Result<HookVerdict> call(HookCall& call) override;
  net::Task<Result<HookVerdict>> finish(HookCall& call) override;

 private:
  Result<HookVerdict> settle(HookCall& hook, Call& call);

  std::shared_ptr<const HookFacts> facts_;
  std::shared_ptr<Server> server_;  // keeps the channel
  Channel& channel_;
  std::shared_ptr<Lane> lane_;
  std::unordered_map<const http::Exchange*, Call*> waiting_;  // between call() and finish()
};

}  // namespace tykpp::drivers::grpc
