#pragma once
// Event handlers: one runtime for all of the gateway, one call after the other, on a thread of its
// own.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drivers/js/impl/program.hpp"
#include "drivers/js/js_driver.hpp"

namespace tykpp::drivers::js {

/// Thread: any, unless said otherwise.
class EventHandlers {
 public:
  /// @param services  outlives it
  EventHandlers(std::size_t memory_limit, std::chrono::milliseconds timeout,
                WorkerServices& services)
      : memory_limit_(memory_limit), timeout_(timeout), services_(services) {}
  ~EventHandlers();
  EventHandlers(const EventHandlers&) = delete;
  EventHandlers& operator=(const EventHandlers&) = delete;

  /// From the next call on, handlers come from this program.
  void use(std::shared_ptr<const Program> program);
  void call(std::string object, JsEvent event);

 private:
  struct Job {
    std::string object;
    JsEvent event;
    std::shared_ptr<const Program> program;
  };
  static constexpr std::size_t kMaxWaiting = 1024;
  void work();
  void perform(Runtime& runtime, const Job& job);

  const std::size_t memory_limit_;
  const std::chrono::milliseconds timeout_;
  WorkerServices& services_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::shared_ptr<const Program> program_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first event
};

}  // namespace tykpp::drivers::js
