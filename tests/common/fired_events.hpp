#pragma once
// An emitter whose events a test sees.

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "events/bus.hpp"
#include "events/emitter.hpp"

namespace tykpp::test {

/// Keeps the events that an API fires.
class Fired final : public events::Handler {
 public:
  explicit Fired(const char* event) : emitter_(bus_, "api", "org", {wanted(event)}) {
    auto table = std::make_shared<events::HandlerTable>();
    // The table must not own the test's object.
    table->add("api", event, std::shared_ptr<events::Handler>(std::shared_ptr<void>(), this));
    bus_.use(table);
  }
  ~Fired() override { bus_.stop(); }
  const events::Emitter* emitter() const { return &emitter_; }
  void handle(const events::Event& event, events::Ticket /*ticket*/) override {
    const std::lock_guard lock(mutex_);
    messages_.push_back(event.name + " " + event.message + " " + shown(event.details));
  }
  /// What was fired, once nothing is under way.
  std::vector<std::string> all() {
    while (bus_.pending() > 0) std::this_thread::yield();
    const std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  static std::string shown(const events::Details& details) {
    if (const auto* quota = std::get_if<events::TriggerDetails>(&details)) {
      return quota->org_id + " " + quota->key + " " + std::to_string(quota->trigger_limit) + " " +
             std::to_string(quota->usage_percentage);
    }
    return std::get<events::ClientDetails>(details).key;
  }
  static definition::EventHandler wanted(const char* event) {
    definition::EventHandler handler;
    handler.event = event;
    return handler;
  }
  std::mutex mutex_;
  std::vector<std::string> messages_;
  events::Bus bus_;
  events::Emitter emitter_;
};

}  // namespace tykpp::test
