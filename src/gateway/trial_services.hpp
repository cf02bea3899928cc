#pragma once
// What drivers need of a gateway, for a process that is none: one loop, HTTP calls, values kept in
// memory. Events go nowhere.

#include <memory>

#include "client/client.hpp"
#include "drivers/worker_services.hpp"
#include "net/loop.hpp"
#include "net/timed_calls.hpp"
#include "storage/data_store.hpp"

namespace tykpp::gateway {

/// There is one worker, 0. Thread: post() any, the rest that of the loop.
class TrialServices final : public drivers::WorkerServices {
 public:
  net::Loop& mainLoop() noexcept { return loop_; }

  net::Loop* loop(std::uint32_t /*worker*/) override { return &loop_; }
  void post(std::uint32_t worker, std::function<void()> fn) override;
  void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) override;
  void fetch(std::uint32_t worker, drivers::FetchRequest request, Fetched done) override;
  void storeData(std::string key, std::string value, std::chrono::seconds ttl,
                 Stored done) override;
  void loadData(std::string key, Stored done) override;

 private:
  net::Loop loop_;
  net::TimedCalls timed_{loop_.wheel()};
  std::unique_ptr<storage::DataStore> data_ = storage::makeMemoryDataStore();
  client::HttpClient client_;
};

}  // namespace tykpp::gateway
