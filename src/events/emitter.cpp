#include "events/emitter.hpp"

#include "events/bus.hpp"

namespace tykpp::events {

static_assert(static_cast<unsigned>(EventType::kCustom) < 32, "one bit a type");

Emitter::Emitter(Bus& bus, std::string api_id, std::string org_id,
                 const std::vector<definition::EventHandler>& handlers, int xff_depth)
    : bus_(bus),
      api_id_(std::move(api_id)),
      org_id_(std::move(org_id)),
      xff_depth_(xff_depth),
      load_(std::make_shared<std::atomic<std::size_t>>(0)) {
  for (const definition::EventHandler& handler : handlers) {
    mask_ |= 1U << static_cast<unsigned>(definition::eventType(handler.event));
    if (!wants(std::string_view(handler.event))) names_.push_back(handler.event);
  }
}

void Emitter::send(Event event) const {
  if (event.type != EventType::kCustom) event.name = definition::eventName(event.type);
  event.time = std::chrono::system_clock::now();
  event.api_id = api_id_;
  event.org_id = org_id_;
  bus_.post(std::move(event), load_);
}

}  // namespace tykpp::events
