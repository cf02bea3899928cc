#pragma once
// For tests that run real plugins without sockets: a worker that runs when told to, and an exchange
// made by hand.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "definition/api_spec.hpp"
#include "drivers/worker_services.hpp"
#include "http/exchange.hpp"
#include "net/task.hpp"

namespace tykpp::test {

/// One worker: the test's own thread. Timers run when the test says that time has come.
class TestWorkers : public drivers::WorkerServices {
 public:
  void post(std::uint32_t /*worker*/, std::function<void()> fn) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(fn));
    }
    wake_.notify_one();
  }
  void callAt(std::uint32_t /*worker*/, Clock::time_point when, std::function<void()> fn) override {
    timers_.emplace_back(when, std::move(fn));
  }
  /// Waits for one posted function and runs it. @return false after ten seconds without one
  bool runOne() {
    std::function<void()> fn;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait_for(lock, std::chrono::seconds(10), [&] { return !posted_.empty(); })) {
        return false;
      }
      fn = std::move(posted_.front());
      posted_.pop_front();
    }
    fn();
    return true;
  }
  /// Runs every timer, as if its time had come.
  void fireTimers() {
    auto due = std::exchange(timers_, {});
    for (auto& [when, fn] : due) fn();
  }
  const std::vector<std::pair<Clock::time_point, std::function<void()>>>& timers() const {
    return timers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> posted_;
  std::vector<std::pair<Clock::time_point, std::function<void()>>> timers_;
};

/// A request of worker 0 as the chain sees it.
class TestExchange {
 public:
  explicit TestExchange(std::string_view method = "GET", std::string_view target = "/") {
    exchange.request().method = method;
    exchange.request().setTarget(arena_.copy(target));
    exchange.request().received_target = exchange.request().target;
    exchange.request().host = "example.org";
    exchange.request().headers.add("Host", "example.org");
    exchange.peer.address = "192.0.2.7";
    exchange.api = &api;
  }
  std::string_view header(std::string_view name) const {
    return exchange.request().headers.get(name);
  }
  std::string_view answered(std::string_view name) const {
    return exchange.response().headers.get(name);
  }
  /// What the upstream answered, for response hooks.
  void upstreamAnswered(std::uint16_t status, std::string body) {
    exchange.response().status = status;
    exchange.response().headers.add("Content-Length", "999");
    exchange.response().headers.add("Server", "upstream");
    exchange.response().setBody(std::move(body));
  }

 private:
  BlockPool pool_;
  Arena arena_{pool_};

 public:
  definition::ApiSpec api;
  http::Exchange exchange{arena_, 0, 42};
};

/// Runs a task to where it waits; `result` is set when it has ended. Must outlive the wait.
template <class T>
struct Running {
  std::optional<T> result;
  static net::Detached start(net::Task<T> task, Running* self) {
    T value = co_await task;
    self->result.emplace(std::move(value));
  }
};

inline std::string examplePlugin(const char* name) {
  return std::string(TYKPP_BINARY_DIR) + "/plugins/native/" + name + ".so";
}
inline std::string testPlugin(const char* name) {
  return std::string(TYKPP_BINARY_DIR) + "/tests/plugins/" + name + ".so";
}

}  // namespace tykpp::test
