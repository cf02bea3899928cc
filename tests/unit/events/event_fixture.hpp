#pragma once
// Events that handlers of the test get, and a request to fire them for.

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "events/bus.hpp"
#include "events/emitter.hpp"
#include "http/exchange.hpp"

namespace tykpp::events::test {

/// Keeps events; the test waits for them.
class Collector final : public Handler {
 public:
  void handle(const Event& event, Ticket ticket) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    events_.push_back(event);
    if (keeps_tickets_) tickets_.push_back(std::move(ticket));
    changed_.notify_all();
  }
  /// The events once there are so many; fewer after ten seconds.
  std::vector<Event> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return events_.size() >= count; });
    return events_;
  }
  /// While held, the bus's thread stands in handle().
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void keepTickets() {
    const std::lock_guard lock(mutex_);
    keeps_tickets_ = true;
  }
  void dropTickets() {
    const std::lock_guard lock(mutex_);
    tickets_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
  std::vector<Ticket> tickets_;
  bool held_ = false;
  bool keeps_tickets_ = false;
};

inline definition::EventHandler handlerOf(const std::string& event) {
  definition::EventHandler handler;
  handler.event = event;
  return handler;
}

inline std::vector<definition::EventHandler> handlersOf(const std::vector<std::string>& events) {
  std::vector<definition::EventHandler> handlers;
  for (const std::string& event : events) handlers.push_back(handlerOf(event));
  return handlers;
}

/// A request as the chain sees it.
class Request {
 public:
  explicit Request(std::string_view method = "GET", std::string_view target = "/api/a?x=1") {
    exchange.request().method = method;
    exchange.request().target = target;
    exchange.request().setTarget(target);
    exchange.request().host = "example.org";
    exchange.request().headers.add("Host", "example.org");
    exchange.peer.address = "192.0.2.7";
  }
  void header(const char* name, const char* value) { exchange.request().headers.add(name, value); }

 private:
  BlockPool pool_;
  Arena arena_{pool_};

 public:
  http::Exchange exchange{arena_, 0, 1};
};

}  // namespace tykpp::events::test
