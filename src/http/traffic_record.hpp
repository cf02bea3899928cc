#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace tykpp::http {

/// What is told of a request after it was answered; what analytics hooks see and may change, and
/// what is stored. Members are named after the stored fields, or their JSON names. Views live as
/// long as the exchange, or as what a plugin's host keeps for it.
struct TrafficRecord {
  std::string_view method, host, path, raw_path, user_agent, api_id, api_name, org_id, ip_address;
  std::uint16_t response_code = 0;
  std::int64_t content_length = 0;  ///< -1: unknown
  std::int64_t latency_total_us = 0;
  std::int64_t latency_upstream_us = 0;
  std::int64_t timestamp = 0;  ///< unix seconds, when the answer was out

  std::int64_t latency_gateway_us = 0;
  std::int64_t timestamp_ns = 0;  ///< nanoseconds of that second
  std::int64_t day = 0;           ///< of `timestamp` in local time, as the three below; from 1
  std::int64_t month = 0;         ///< from 1
  std::int64_t year = 0;
  std::int64_t hour = 0;
  std::int64_t request_time_ms = 0;
  std::int64_t expire_at = 0;  ///< unix seconds
  std::int64_t expire_at_ns = 0;
  std::int64_t open_connections = 0;
  std::int64_t closed_connections = 0;
  std::int64_t bytes_in = 0;
  std::int64_t bytes_out = 0;
  std::int64_t track_path = 0;  ///< 1: a tracked endpoint matched
  std::string_view api_key;     ///< plain; stored as its hash where keys are hashed
  std::string_view api_version, oauth_id, alias, api_schema;
  std::string_view raw_request;   ///< base64 of the message as HTTP/1.1 writes it, or empty
  std::string_view raw_response;  ///< as above
  std::string_view original_path, listen_path;  ///< stored only when one is not empty
  /// JSON objects under the names that plugins know, as a plugin wrote them; empty: all zero.
  std::string_view geo, graphql_stats, mcp_stats;
  std::span<const std::string_view> tags;
};

/// Members by kind, for what goes through all of them. The order is nobody's business but that of
/// the two ends of a process that speak it.
inline constexpr std::string_view TrafficRecord::*kTrafficTexts[] = {
    &TrafficRecord::method,       &TrafficRecord::host,          &TrafficRecord::path,
    &TrafficRecord::raw_path,     &TrafficRecord::user_agent,    &TrafficRecord::api_id,
    &TrafficRecord::api_name,     &TrafficRecord::org_id,        &TrafficRecord::ip_address,
    &TrafficRecord::api_key,      &TrafficRecord::api_version,   &TrafficRecord::oauth_id,
    &TrafficRecord::alias,        &TrafficRecord::api_schema,    &TrafficRecord::raw_request,
    &TrafficRecord::raw_response, &TrafficRecord::original_path, &TrafficRecord::listen_path,
    &TrafficRecord::geo,          &TrafficRecord::graphql_stats, &TrafficRecord::mcp_stats};
inline constexpr std::int64_t TrafficRecord::*kTrafficNumbers[] = {
    &TrafficRecord::content_length,
    &TrafficRecord::latency_total_us,
    &TrafficRecord::latency_upstream_us,
    &TrafficRecord::latency_gateway_us,
    &TrafficRecord::timestamp,
    &TrafficRecord::timestamp_ns,
    &TrafficRecord::day,
    &TrafficRecord::month,
    &TrafficRecord::year,
    &TrafficRecord::hour,
    &TrafficRecord::request_time_ms,
    &TrafficRecord::expire_at,
    &TrafficRecord::expire_at_ns,
    &TrafficRecord::open_connections,
    &TrafficRecord::closed_connections,
    &TrafficRecord::bytes_in,
    &TrafficRecord::bytes_out,
    &TrafficRecord::track_path};

}  // namespace tykpp::http
