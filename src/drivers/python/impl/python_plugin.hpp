#pragma once
// A Python function bound to an API's hook, and its calls on one worker.

#include <memory>
#include <unordered_map>
#include <vector>

#include "drivers/plugin_driver.hpp"
#include "drivers/python/impl/call.hpp"
#include "drivers/python/impl/handler.hpp"
#include "drivers/python/impl/pool.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::python {

/// What the calls of one bound plugin share: which of them wait, oldest first, and calls to use
/// again. Thread: its worker; a timer may keep it longer than the plugin.
struct Lane : std::enable_shared_from_this<Lane> {
  Lane(WorkerServices& given, std::uint32_t index) : services(given), worker(index) {}
  ~Lane();
  std::shared_ptr<Call> take();
  void recycle(std::shared_ptr<Call> call);
  /// Puts the call at the end; all calls of a lane have the same time to run.
  void add(Call& call);
  void remove(Call& call) noexcept;

  WorkerServices& services;
  const std::uint32_t worker;
  Call* first = nullptr;
  Call* last = nullptr;

 private:
  void arm();
  void expire(Clock::time_point now);
  bool armed_ = false;
  std::vector<std::shared_ptr<Call>> spare_;
};

class PythonLoaded final : public LoadedPlugin {
 public:
  PythonLoaded(std::shared_ptr<const Handler> handler, Pool& pool, WorkerServices& services)
      : handler_(std::move(handler)), pool_(pool), services_(services) {}
  http::BodyNeed bodyNeed() const noexcept override { return http::BodyNeed::kBuffer; }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  std::shared_ptr<const Handler> handler_;
  Pool& pool_;
  WorkerServices& services_;
};

class PythonBound final : public BoundPlugin {
 public:
  PythonBound(std::shared_ptr<const Handler> handler, Pool& pool, WorkerServices& services,
              std::uint32_t worker)
      : handler_(std::move(handler)),
        pool_(pool),
        lane_(std::make_shared<Lane>(services, worker)) {}
  ~PythonBound() override;
  Result<HookVerdict> call(HookCall& call) override;
  net::Task<Result<HookVerdict>> finish(HookCall& call) override;

 private:
  std::shared_ptr<const Handler> handler_;
  Pool& pool_;
  std::shared_ptr<Lane> lane_;
  std::unordered_map<const http::Exchange*, std::shared_ptr<Call>> waiting_;
};

/// A call came back from Python: whoever waits for it goes on. Thread: its worker.
void callReturned(std::shared_ptr<Call> call);

}  // namespace tykpp::drivers::python
