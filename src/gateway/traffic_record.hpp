#pragma once
#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

/// What there is to record of a request before it is known how it went: status and latencies are
/// left to the caller. Views: into the exchange and the spec.
inline drivers::TrafficRecord recordOf(const http::Exchange& exchange,
                                       const definition::ApiSpec& spec) {
  const http::Request& request = exchange.request();
  drivers::TrafficRecord record;
  record.method = request.method;
  record.host = request.host;
  record.path = request.path;
  record.raw_path = request.raw_path;
  record.user_agent = request.headers.get(http::HeaderId::kUserAgent);
  record.api_id = spec.api_id;
  record.api_name = spec.name;
  record.org_id = spec.org_id;
  record.ip_address = exchange.peer.address;
  record.content_length = static_cast<std::int64_t>(request.content_length);
  record.timestamp = unixSeconds();
  return record;
}

}  // namespace tykpp::gateway
