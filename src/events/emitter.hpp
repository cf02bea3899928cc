#pragma once
// Where events of one API, or of the gateway itself, go out. Knows which of them anybody handles,
// so that the others cost a branch.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "definition/event_handlers.hpp"
#include "events/event.hpp"

namespace tykpp::events {

class Bus;

/// Immutable but for its load. Thread: any. Fire through the functions of fire.hpp, which know what
/// each event carries.
class Emitter {
 public:
  /// @param bus  outlives it
  /// @param api_id  empty: the gateway's own
  /// @param handlers  whose events are wanted
  /// @param xff_depth  for http::clientAddress
  Emitter(Bus& bus, std::string api_id, std::string org_id,
          const std::vector<definition::EventHandler>& handlers, int xff_depth = 0);

  bool wants(EventType type) const noexcept {
    return (mask_ >> static_cast<unsigned>(type) & 1U) != 0;
  }
  /// An event by its name, known to the gateway or not.
  bool wants(std::string_view name) const noexcept {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  const std::string& apiId() const noexcept { return api_id_; }
  int xffDepth() const noexcept { return xff_depth_; }

  /// Stamps the event with time and ids and posts it. Somebody wants it: the caller has asked.
  void send(Event event) const;

 private:
  Bus& bus_;
  const std::string api_id_;
  const std::string org_id_;
  const int xff_depth_;
  std::uint32_t mask_ = 0;
  std::vector<std::string> names_;
  std::shared_ptr<std::atomic<std::size_t>> load_;
};

}  // namespace tykpp::events
