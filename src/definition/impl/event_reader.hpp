#pragma once
// Handlers of events, from an API's definition and from the configuration.

#include <optional>
#include <string>
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

/// One web hook from a meta of `eh_web_hook_handler`; nothing, with a warning, when it cannot be
/// used. @param place  pointer of `meta`
std::optional<EventHandler> readWebHook(const std::string& event, const Json& meta,
                                        const std::string& place, const GatewayConfig& config,
                                        Report& report);

/// `server.eventHandlers[]` of an OAS document as `event_handlers` of a Classic definition.
Json classicEventHandlers(const Json& server);

}  // namespace tykpp::definition
