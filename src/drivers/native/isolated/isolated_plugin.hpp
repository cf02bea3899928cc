#pragma once
// A function of a plugin file that runs in a host process, and its calls on one worker.

#include <memory>
#include <string>

#include "drivers/native/impl/call_host.hpp"
#include "drivers/native/isolated/host_pool.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::native::isolated {

/// The function as its API has it. Ends its host process with the last of them.
class IsolatedLoaded final : public LoadedPlugin {
 public:
  IsolatedLoaded(std::shared_ptr<HostUse> use, std::string function, FunctionFacts facts);
  ~IsolatedLoaded() override;
  IsolatedLoaded(const IsolatedLoaded&) = delete;
  IsolatedLoaded& operator=(const IsolatedLoaded&) = delete;
  http::BodyNeed bodyNeed() const noexcept override {
    return reads_body_ ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
  }
  std::string_view server() const noexcept override { return use_->host().file(); }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  const std::shared_ptr<HostUse> use_;
  const bool reads_body_;
  const std::uint64_t number_;  // what the host knows the hook by
};

/// Its calls on one worker: sent over the worker's lane, finished by the replies.
class IsolatedBound final : public BoundPlugin {
 public:
  IsolatedBound(std::shared_ptr<HostUse> use, std::shared_ptr<Lane> lane, std::uint64_t number,
                bool reads_body)
      : use_(std::move(use)), lane_(std::move(lane)), number_(number), reads_body_(reads_body) {}
  Result<HookVerdict> call(HookCall& call) override;
  net::Task<Result<HookVerdict>> finish(HookCall& call) override;

 private:
  Result<HookVerdict> settle(HookCall& hook, Call& call);

  const std::shared_ptr<HostUse> use_;
  const std::shared_ptr<Lane> lane_;
  const std::uint64_t number_;
  const bool reads_body_;
  // Between call() and finish(), which follows at once.
  const http::Exchange* waiting_ = nullptr;
  Call* sent_ = nullptr;
};

}  // namespace tykpp::drivers::native::isolated
