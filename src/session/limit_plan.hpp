#pragma once
// What one session may do with one API, compiled: limits, names of counters, patterns of endpoints.
// Made once for a cached session and API, then used for each request without allocation.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "definition/endpoint_pattern.hpp"
#include "session/limits.hpp"
#include "session/rate_bucket.hpp"

namespace tykpp::session {

/// The hash that shortens `METHOD:path` in names of counters: the 32 bits of MurmurHash3 in hex.
using EndpointHash = std::string (*)(std::string_view);

/// A rate and where it is counted.
struct RateRule {
  RateLimit limit;
  std::string name;     ///< the store's key
  std::string blocked;  ///< the sentinel's mark: `name` with `.BLOCKED`
  BucketName bucket;    ///< in memory; another one after the key was edited
};

/// What a plan is compiled from beside the session.
struct PlanContext {
  std::string_view api_id;
  std::string_view key;  ///< the session's name in the store, without prefix
  definition::EndpointMatching matching;
  EndpointHash hash = nullptr;
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
  /// The same rate counted under a text of the session's own (`rate_limit_pattern`).
  RateRule under(const RateRule& rule, std::string_view text) const;
  /// `quota_max` and the like.
  const ApiLimit& limit() const noexcept { return limit_; }
  /// The store's key of the quota counter.
  const std::string& quotaKey() const noexcept { return quota_name_; }
  /// The same counted under a text of the session's own.
  std::string quotaKeyUnder(std::string_view text) const { return quotaName(scope_, text); }
  /// Which access rights the counters belong to; empty: the session's root.
  const std::string& scope() const noexcept { return scope_; }
  Throttle throttle() const noexcept { return throttleOf(limit_); }
  /// Endpoints whose pattern cannot be read, with the reason; they limit nothing.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  struct Endpoint {
    std::string method;
    std::shared_ptr<const definition::EndpointPattern> pattern;
    std::string hash;
    RateRule rule;
  };
  RateRule ruleFor(const RateLimit& limit, const SessionData& session, const PlanContext& context,
                   std::string_view endpoint) const;
  void addEndpoints(const AccessDefinition& right, const SessionData& session,
                    const PlanContext& context);

  bool granted_ = true;
  std::string scope_;
  ApiLimit limit_;
  RateRule rate_;
  std::vector<Endpoint> endpoints_;
  std::string quota_name_;
  std::vector<std::string> problems_;
};

}  // namespace tykpp::session
