#pragma once
// The address a request came from, proxies in front of the gateway included.

#include <string_view>

namespace tykpp::http {

class Exchange;

/// `X-Real-IP` when it is an address, else the entry of `X-Forwarded-For` that `xff_depth` picks,
/// else the connection's other end. The headers are believed whoever sent them, as the reference
/// does: a gateway that clients reach directly should drop them before it relies on addresses.
/// @param xff_depth  `http_server_options.xff_depth`: 0 the first entry, n the n-th from the right;
/// beyond the list the address is empty
/// @return a view into the exchange
std::string_view clientAddress(const Exchange& exchange, int xff_depth) noexcept;

}  // namespace tykpp::http
