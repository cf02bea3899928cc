#pragma once
// What events tell about a request. Thread: the exchange's worker.

#include <string>

#include "definition/event_handlers.hpp"

namespace tykpp::http {
class Exchange;
}

namespace tykpp::events {

/// Bodies up to this size, bytes, are part of an event; of longer ones the head alone.
inline constexpr std::size_t kMaxWireBody = 64U << 10;

/// The request as it stands on the wire: line, headers and, where it is in memory and not too long,
/// the body.
std::string wireForm(const http::Exchange& exchange);
/// The path with the listen path, decoded.
std::string requestPath(const http::Exchange& exchange);
/// The client's credential: of cookie, query and header the first that is there.
/// View: into the exchange.
std::string_view credentialOf(const http::Exchange& exchange,
                              const definition::CredentialSource& source);

}  // namespace tykpp::events
