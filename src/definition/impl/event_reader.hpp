#pragma once
// Handlers of events, from an API's definition and from the configuration.

#include <string_view>
#include <vector>

#include "definition/event_handlers.hpp"
#include "definition/gateway_config.hpp"
#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

/// Whose events they are.
enum class EventScope : std::uint8_t { kApi, kGateway };

/// Reads `{"events": {EVENT: [{handler_name, handler_meta}]}}`. A handler that cannot be used is
/// left out with a warning, as in the reference; so is nothing else.
/// @param place  pointer of `handlers`
std::vector<EventHandler> readEventHandlers(const Json& handlers, std::string_view place,
                                            EventScope scope, const GatewayConfig& config,
                                            Report& report);

/// `server.eventHandlers[]` of an OAS document as `event_handlers` of a Classic definition.
Json classicEventHandlers(const Json& server);

}  // namespace tykpp::definition
