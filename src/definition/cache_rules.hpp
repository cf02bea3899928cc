#pragma once
// Which answers of an API are kept, for how long, and what tells requests apart. What one version
// of a definition says. Field comments name the Classic field.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "definition/body_pattern.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::definition {

/// An entry of `extended_paths.cache` or `extended_paths.advance_cache_config`.
struct EndpointCache {
  EndpointPlace place;
  bool safe_methods = false;  ///< of `cache`: GET, HEAD and OPTIONS in place of one method
  /// `cache_key_regex`: the part of a body that counts; null: all of it. Lives as long as the
  /// rules.
  std::shared_ptr<const BodyPattern> key_pattern;
  std::vector<std::uint16_t> codes;  ///< `cache_response_codes`; empty: the API's
  std::int64_t timeout = 0;          ///< seconds; 0: the API's
};

/// Source: `cache_options`, with `enable_cache`.
struct CacheRules {
  EndpointMatching matching;             ///< of every path pattern
  std::int64_t timeout = 0;              ///< `cache_timeout`: seconds; 0: nothing is kept
  bool all_safe_requests = false;        ///< `cache_all_safe_requests`
  std::vector<std::uint16_t> codes;      ///< `cache_response_codes`; empty: all
  std::vector<std::string> by_headers;   ///< `cache_by_headers`
  bool upstream_control = false;         ///< `enable_upstream_cache_control`
  std::string ttl_header;                ///< `cache_control_ttl_header`, or the name it has then
  std::vector<EndpointCache> endpoints;  ///< those of `cache` first
};

}  // namespace tykpp::definition
