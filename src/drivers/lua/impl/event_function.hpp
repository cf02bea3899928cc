#pragma once
// Events in Lua: a thread beside the workers with states of its own, one call after the other. What
// is there for requests (`tykpp.req`, `tykpp.http` …) raises an error.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "drivers/lua/impl/program.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::lua {

/// A function of an API's files. The state is the event thread's.
struct EventTarget {
  std::shared_ptr<ApiStates> states;
  std::string name;
  std::shared_ptr<State> state{};
  Function function{};
};

/// One a driver. Thread: any.
class EventThread {
 public:
  EventThread(std::shared_ptr<Runtime> runtime, std::chrono::milliseconds timeout)
      : runtime_(std::move(runtime)), timeout_(timeout) {}
  /// Waits for the call under way; what waits is dropped.
  ~EventThread();
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;
  /// Puts an event behind those that wait, or drops it with a log line when too many do.
  void add(std::shared_ptr<EventTarget> target, std::string payload, std::shared_ptr<void> ticket);

 private:
  struct Job {
    std::shared_ptr<EventTarget> target;
    std::string payload;
    std::shared_ptr<void> ticket;
  };
  static constexpr std::size_t kMaxWaiting = 1024;
  void work();
  void perform(const Job& job);
  Result<void> open(EventTarget& target);

  const std::shared_ptr<Runtime> runtime_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first event
};

class LuaEventFunction final : public EventFunction {
 public:
  LuaEventFunction(std::shared_ptr<EventTarget> target, std::shared_ptr<EventThread> thread)
      : target_(std::move(target)), thread_(std::move(thread)) {}
  void dispatch(std::string payload, std::shared_ptr<void> ticket) override {
    thread_->add(target_, std::move(payload), std::move(ticket));
  }

 private:
  std::shared_ptr<EventTarget> target_;
  std::shared_ptr<EventThread> thread_;
};

}  // namespace tykpp::drivers::lua
