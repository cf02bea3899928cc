#pragma once
// What happened: an event's type, message, the request behind it and what else its type carries.
// Made where it happens, read by handlers on the bus's thread. Source: spec of events, one struct a
// shape of `Meta`.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "definition/event_handlers.hpp"

namespace tykpp::events {

using definition::EventType;

/// AuthFailure, KeyExpired, quotas and rate limits, VersionFailure: whose request it was.
struct ClientDetails {
  std::string path;
  std::string origin;  ///< the client's address
  std::string key;
  std::string reason{};  ///< VersionFailure alone
};

/// TriggerExceeded.
struct TriggerDetails {
  std::string org_id;
  std::string key;
  std::int64_t trigger_limit = 0;     ///< per cent
  std::int64_t usage_percentage = 0;  ///< per cent
};

/// Breaker*.
struct BreakerDetails {
  std::string path;  ///< the rule's, as written
  std::string api_id;
  bool reset = false;  ///< `CircuitEvent`: 1 reset, 0 tripped
};

/// HostDown, HostUp: the check and what came of it.
struct HostDetails {
  std::string check_url;
  std::string protocol;
  std::chrono::nanoseconds timeout{0};
  bool enable_proxy_protocol = false;
  std::vector<std::pair<std::string, std::string>> commands;  ///< name and message
  std::string method;
  std::map<std::string, std::string> headers;
  std::string body;
  std::map<std::string, std::string> meta_data;  ///< target_url, api_id, host_name
  int response_code = 0;
  double latency = 0;  ///< milliseconds
  bool is_tcp_error = false;
};

/// Token*.
struct TokenDetails {
  std::string org;
  std::string key;
};

/// Certificate*.
struct CertificateDetails {
  std::string id;
  std::string name;
  std::chrono::system_clock::time_point end;  ///< of its life
  int days = 0;                               ///< left, or since then
  std::string role;
  std::string api_id;  ///< empty: none
};

/// A shape without members: events of plugins.
using Details = std::variant<std::monostate, ClientDetails, TriggerDetails, BreakerDetails,
                             HostDetails, TokenDetails, CertificateDetails>;

struct Event {
  EventType type = EventType::kCustom;
  std::string name;     ///< `Type`
  std::string message;  ///< `Message`
  std::string request;  ///< bytes of the request on the wire; empty: none
  Details details;
  std::chrono::system_clock::time_point time;
  std::string api_id;  ///< empty: an event of the gateway's
  std::string org_id;

  /// What it keeps in memory, roughly.
  std::size_t bytes() const noexcept;
};

/// `Meta` as JSON text.
std::string metaText(const Event& event);
/// `TimeStamp`: `2026-01-02 15:04:05.123456789 +0000 UTC`, local time.
std::string timeStamp(std::chrono::system_clock::time_point time);
/// `{"message": {Type, Meta, TimeStamp}, "handler_name": …, "spec": {APIID, OrgID}}`: what plugins
/// get.
std::string pluginPayload(const Event& event, const std::string& handler_name);

}  // namespace tykpp::events
