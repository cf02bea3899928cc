#pragma once
// Events on their way to Python functions: one at a time, so that hooks keep the other threads.

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "drivers/plugin_driver.hpp"
#include "drivers/python/impl/call.hpp"
#include "drivers/python/impl/handler.hpp"

namespace tykpp::drivers::python {

class Pool;

/// Thread: any.
class EventLine : public std::enable_shared_from_this<EventLine> {
 public:
  /// @param pool  lives for ever
  EventLine(Pool& pool, std::chrono::milliseconds timeout) : pool_(pool), timeout_(timeout) {}
  /// Puts an event behind those that wait, or drops it with a log line when too many do.
  void add(std::shared_ptr<const Handler> handler, std::string payload,
           std::shared_ptr<void> ticket);

 private:
  struct Waiting {
    std::shared_ptr<const Handler> handler;
    std::string payload;
    std::shared_ptr<void> ticket;
  };
  static constexpr std::size_t kMaxWaiting = 1024;
  void next();
  bool submit(Waiting event);

  Pool& pool_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::deque<Waiting> waiting_;
  bool busy_ = false;
};

class PythonEventFunction final : public EventFunction {
 public:
  PythonEventFunction(std::shared_ptr<const Handler> handler, std::shared_ptr<EventLine> line)
      : handler_(std::move(handler)), line_(std::move(line)) {}
  void dispatch(std::string payload, std::shared_ptr<void> ticket) override {
    line_->add(handler_, std::move(payload), std::move(ticket));
  }

 private:
  std::shared_ptr<const Handler> handler_;
  std::shared_ptr<EventLine> line_;
};

}  // namespace tykpp::drivers::python
