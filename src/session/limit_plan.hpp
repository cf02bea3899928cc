#pragma once
// What one session may do with one API, compiled: limits, names of counters, patterns of endpoints.
// Made once for a cached session and API, then used for each request without allocation.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/endpoint_pattern.hpp"
#include "session/limit_pattern.hpp"
#include "session/limits.hpp"
#include "session/rate_rule.hpp"

namespace tykpp::session {

/// The hash that shortens `METHOD:path` in names of counters: the 32 bits of MurmurHash3 in hex.
using EndpointHash = std::string (*)(std::string_view);

/// What a plan is compiled from beside the session. Views: for the call alone.
struct PlanContext {
  std::string_view api_id;
  std::string_view key;  ///< the session's name in the store, without prefix
  definition::EndpointMatching matching;
  EndpointHash hash = nullptr;
  PatternSecrets secrets = {};  ///< for `rate_limit_pattern`
};

/// Immutable. Thread: any.
class LimitPlan {
 public:
  LimitPlan(const SessionData& session, const PlanContext& context);

  /// Whether the session may use the API at all; a session without rights may use every API.
  bool granted() const noexcept { return granted_; }
  /// The rate for a request: of the first endpoint whose method and pattern match, else the API's.
  /// @param path  decoded, without the listen path. View: into this plan
  const RateRule& rateFor(std::string_view method, std::string_view path) const;
  /// Whether rateFor() looks at what it is given.
  bool limitsEndpoints() const noexcept { return !endpoints_.empty(); }
  /// Whether `allowed_urls` lets a request pass; without any, every request.
  /// @param path       as in rateFor()
  /// @param full_path  with the listen path
  bool allows(std::string_view method, std::string_view path, std::string_view full_path) const;
  /// `quota_max` and the like.
  const ApiLimit& limit() const noexcept { return limit_; }
  /// The store's key of the quota counter.
  const std::string& quotaKey() const noexcept { return quota_name_; }
  /// Which access rights the counters belong to; empty: the session's root.
  const std::string& scope() const noexcept { return scope_; }
  Throttle throttle() const noexcept { return throttleOf(limit_); }
  /// Endpoints whose pattern cannot be read, with the reason: they limit and allow nothing.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  struct Endpoint {
    std::string method;
    std::shared_ptr<const definition::EndpointPattern> pattern;
    RateRule rule;
  };
  struct Allowed {
    std::vector<std::string> methods;
    std::string url;
    definition::EndpointPattern pattern;
    bool matches(std::string_view path) const;
  };
  RateRule ruleFor(const RateLimit& limit, std::string_view endpoint) const;
  std::optional<definition::EndpointPattern> compiled(const std::string& text,
                                                      const PlanContext& context);
  void addEndpoints(const AccessDefinition& right, const PlanContext& context);
  void addAllowed(const AccessDefinition& right, const PlanContext& context);

  bool granted_ = true;
  bool restricted_ = false;  ///< `allowed_urls` is not empty
  bool prefix_matching_ = false;
  std::string counted_under_;  ///< the key, or what `rate_limit_pattern` gives
  std::string edited_;         ///< a bucket's end: another one after the key was edited
  std::string scope_;
  ApiLimit limit_;
  RateRule rate_;
  std::vector<Endpoint> endpoints_;
  std::vector<Allowed> allowed_;
  std::string quota_name_;
  std::vector<std::string> problems_;
};

}  // namespace tykpp::session
