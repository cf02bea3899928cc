#pragma once
// What a session or policy lets its holder do with one API, and how often. Members carry the names
// of the stored JSON; a member that is zero or empty is not written.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tykpp::session {

/// Members nobody here knows, with their JSON text: carried along, so that a newer writer's fields
/// survive. Sorted by name.
using UnknownMembers = std::vector<std::pair<std::string, std::string>>;

/// `smoothing`: the allowance grows and shrinks in steps between `threshold` and the rate.
struct RateSmoothing {
  bool enabled = false;
  std::int64_t threshold = 0;
  double trigger = 0;  ///< in steps
  std::int64_t step = 0;
  std::int64_t delay = 0;  ///< seconds between two changes
  bool operator==(const RateSmoothing&) const = default;
  /// Whether it takes part: enabled, all four numbers above nought.
  bool valid() const noexcept {
    return enabled && threshold > 0 && trigger > 0 && step > 0 && delay > 0;
  }
};

/// Requests in a time.
struct RateLimit {
  double rate = 0;
  double per = 0;  ///< seconds
  std::optional<RateSmoothing> smoothing;
  bool operator==(const RateLimit&) const = default;
  /// Seconds between two requests; 0 when unlimited. The smaller, the more generous.
  double interval() const noexcept { return rate <= 0 || per <= 0 ? 0 : per / rate; }
  bool limited() const noexcept { return rate > 0 && per > 0; }
  /// `per` as a time; a century at most.
  std::chrono::nanoseconds window() const noexcept {
    constexpr double kLongest = 100.0 * 365 * 24 * 3600;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(std::clamp(per, 0.0, kLongest)));
  }
};

/// `limit` of an access right, and the same members at the root of sessions and policies.
struct ApiLimit {
  RateLimit rate;
  double throttle_interval = 0;           ///< seconds between retries of a refused request
  std::int64_t throttle_retry_limit = 0;  ///< retries
  std::int64_t max_query_depth = 0;       ///< -1 and 0: no bound
  std::int64_t quota_max = 0;             ///< -1: unlimited, 0: not enforced
  std::int64_t quota_renews = 0;          ///< unix seconds
  std::int64_t quota_remaining = 0;
  std::int64_t quota_renewal_rate = 0;  ///< seconds; 0 and below: it never renews
  bool operator==(const ApiLimit&) const = default;
  /// Whether root values apply in its place. Smoothing does not count.
  bool empty() const noexcept {
    return rate.rate == 0 && rate.per == 0 && throttle_interval == 0 && throttle_retry_limit == 0 &&
           max_query_depth == 0 && quota_max == 0 && quota_renews == 0 && quota_remaining == 0 &&
           quota_renewal_rate == 0;
  }
};

/// An entry of `allowed_urls`.
struct AllowedUrl {
  std::string url;  ///< a pattern
  std::vector<std::string> methods;
  bool operator==(const AllowedUrl&) const = default;
};

/// An entry of `restricted_types` and `allowed_types` (GraphQL).
struct TypeFields {
  std::string name;
  std::vector<std::string> fields;
  bool operator==(const TypeFields&) const = default;
};

/// An entry of `field_access_rights` (GraphQL).
struct FieldRight {
  std::string type_name;
  std::string field_name;
  std::int64_t max_query_depth = 0;  ///< `limits.max_query_depth`
  bool operator==(const FieldRight&) const = default;
};

/// A rate under a name: a method of an endpoint, a JSON-RPC method, an MCP primitive.
struct NamedLimit {
  std::string name;
  RateLimit limit;
  std::string type;  ///< of an MCP primitive: tool, resource, prompt; empty elsewhere
  bool operator==(const NamedLimit&) const = default;
};

/// An entry of `endpoints`.
struct EndpointLimits {
  std::string path;  ///< a pattern, as in endpoint rules of a definition
  std::vector<NamedLimit> methods;
  bool operator==(const EndpointLimits&) const = default;
};

/// Names that are let through or refused.
struct AllowBlock {
  std::vector<std::string> allowed;
  std::vector<std::string> blocked;
  bool operator==(const AllowBlock&) const = default;
  bool empty() const noexcept { return allowed.empty() && blocked.empty(); }
};

/// `mcp_access_rights`
struct McpRights {
  AllowBlock tools;
  AllowBlock resources;
  AllowBlock prompts;
  bool operator==(const McpRights&) const = default;
  bool empty() const noexcept { return tools.empty() && resources.empty() && prompts.empty(); }
};

/// One value of `access_rights`.
struct AccessDefinition {
  std::string api_name;
  std::string api_id;
  std::vector<std::string> versions;
  std::vector<AllowedUrl> allowed_urls;  ///< empty: all
  std::vector<TypeFields> restricted_types;
  std::vector<TypeFields> allowed_types;
  ApiLimit limit;
  std::vector<FieldRight> field_access_rights;
  bool disable_introspection = false;
  std::string allowance_scope;  ///< separates counters: an API's id, a policy's, or none
  std::vector<EndpointLimits> endpoints;
  std::vector<NamedLimit> json_rpc_methods;
  AllowBlock json_rpc_methods_access_rights;
  std::vector<NamedLimit> mcp_primitives;
  McpRights mcp_access_rights;
  UnknownMembers unknown;
  bool operator==(const AccessDefinition&) const = default;
};

/// `access_rights`: by API id.
using AccessRights = std::map<std::string, AccessDefinition, std::less<>>;

}  // namespace tykpp::session
