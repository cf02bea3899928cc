#pragma once
#include <string>

#include "events/event.hpp"

namespace tykpp::events {

/// The body of a web hook without a template: `event`, `message` and what the type has beside
/// them, as JSON text with values escaped as templates escape them.
std::string defaultBody(const Event& event);

}  // namespace tykpp::events
