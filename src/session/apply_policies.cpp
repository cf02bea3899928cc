#include "session/apply_policies.hpp"

#include <algorithm>
#include <set>

#include "session/impl/rights_merge.hpp"

namespace tykpp::session {
namespace {

/// Which parts of one API's result policies have set, and who gave the rights.
struct Applied {
  bool acl = false;
  bool quota = false;
  bool rate = false;
  bool complexity = false;
  std::string set_by;  ///< the last policy with rights, or the scope of per-API limits
};

/// Which parts of a policy count.
struct Parts {
  explicit Parts(const PolicyPartitions& partitions)
      : acl(!partitions.any() || partitions.acl),
        quota(!partitions.any() || partitions.quota),
        rate(!partitions.any() || partitions.rate_limit),
        complexity(!partitions.any() || partitions.complexity) {}
  bool acl;
  bool quota;
  bool rate;
  bool complexity;
};

/// The session's policies: found, in order; null where the id is unknown.
struct PolicyList {
  std::vector<Policy> inline_policies;
  std::vector<const Policy*> policies;
  std::vector<std::string> ids;
};

PolicyList policiesOf(const SessionData& session, const PolicySet& set) {
  PolicyList list;
  const auto given = session.meta_data.find("policies");
  if (given != session.meta_data.end() && !given->second.is_text) {
    // What is no list of policies is ordinary metadata.
    if (auto parsed = Policy::parseList(given->second.text); parsed) {
      list.inline_policies = std::move(*parsed);
      for (const Policy& policy : list.inline_policies) {
        list.policies.push_back(&policy);
        list.ids.push_back(policy.effectiveId());
      }
      return list;
    }
  }
  list.ids = session.policyIds();
  for (const std::string& id : list.ids) list.policies.push_back(set.find(id));
  return list;
}

/// Makes room: a larger value of the session's own would win against the policies'.
void clearLimits(SessionData& session, const PolicyList& list) {
  ApiLimit& limit = session.limit;
  for (const Policy* policy : list.policies) {
    if (policy == nullptr) return;
    const Parts parts(policy->partitions);
    if (parts.quota) limit.quota_max = limit.quota_remaining = 0;
    if (parts.rate) {
      limit.rate = {};
      limit.throttle_interval = 0;
      limit.throttle_retry_limit = 0;
    }
    if (parts.complexity) limit.max_query_depth = 0;
  }
}

template <class T>
void raise(T& value, const T& candidate) {
  if (candidate > value) value = candidate;
}

/// The more generous rate. A rate that says nothing never wins and always loses.
void raiseRate(RateLimit& rate, const RateLimit& candidate) {
  const auto says_nothing = [](const RateLimit& r) { return r.rate == 0 || r.per == 0; };
  if (says_nothing(candidate)) return;
  if (says_nothing(rate) || rate.interval() > candidate.interval()) rate = candidate;
}

void raiseQuota(ApiLimit& right, ApiLimit& root, const ApiLimit& policy) {
  if (larger(policy.quota_max, right.quota_max)) {
    right.quota_max = policy.quota_max;
    if (larger(policy.quota_max, root.quota_max)) root.quota_max = policy.quota_max;
  }
  if (policy.quota_renewal_rate > right.quota_renewal_rate) {
    right.quota_renewal_rate = policy.quota_renewal_rate;
    raise(root.quota_renewal_rate, policy.quota_renewal_rate);
  }
}

void raiseThrottle(ApiLimit& right, ApiLimit& root, const ApiLimit& policy) {
  if (policy.throttle_retry_limit > right.throttle_retry_limit) {
    right.throttle_retry_limit = policy.throttle_retry_limit;
    raise(root.throttle_retry_limit, policy.throttle_retry_limit);
  }
  if (policy.throttle_interval > right.throttle_interval) {
    right.throttle_interval = policy.throttle_interval;
    raise(root.throttle_interval, policy.throttle_interval);
  }
}

/// A policy without rights of its own sets the session's root values outright.
void setRoot(ApiLimit& root, const ApiLimit& policy, const Parts& parts) {
  if (parts.rate) {
    root.rate = policy.rate;
    root.throttle_interval = policy.throttle_interval;
    root.throttle_retry_limit = policy.throttle_retry_limit;
  }
  if (parts.complexity) root.max_query_depth = policy.max_query_depth;
  if (parts.quota) {
    root.quota_max = policy.quota_max;
    root.quota_renewal_rate = policy.quota_renewal_rate;
  }
}

/// Limits of one API from an earlier policy, joined into those of this one.
void mergeApiLimits(AccessDefinition& right, const AccessDefinition& earlier) {
  ApiLimit& limit = right.limit;
  if (limit.rate.interval() > earlier.limit.rate.interval()) limit.rate = earlier.limit.rate;
  if (larger(earlier.limit.quota_max, limit.quota_max)) {
    limit.quota_max = earlier.limit.quota_max;
    right.allowance_scope = earlier.allowance_scope;
  }
  if (larger(earlier.limit.quota_renewal_rate, limit.quota_renewal_rate)) {
    limit.quota_renewal_rate = earlier.limit.quota_renewal_rate;
  }
  if (limit.quota_max == -1) limit.quota_renewal_rate = 0;
  mergeNamedLimits(right, earlier);
}

class Merge {
 public:
  explicit Merge(SessionData& session) : session_(session) {}

  Result<void> add(const Policy& policy) {
    if (policy.partitions.per_api && policy.partitions.any()) {
      return Error(Errc::kForbidden, "cannot apply policy " + policy.effectiveId() +
                                         " which has per_api and any of partitions set");
    }
    const bool mixed =
        policy.partitions.per_api ? partitioned_ : policy.partitions.any() && per_api_;
    if (mixed) {
      return Error(Errc::kForbidden,
                   "cannot apply multiple policies when some have per_api set and some are "
                   "partitioned");
    }
    partitioned_ = partitioned_ || policy.partitions.any();
    if (policy.partitions.per_api) {
      addPerApi(policy);
    } else {
      addParts(policy);
    }
    addCommon(policy);
    return {};
  }

  void finish() {
    std::set<std::string_view> givers;
    for (const auto& [id, applied] : applied_) {
      if (!applied.set_by.empty()) givers.insert(applied.set_by);
    }
    for (const auto& [id, applied] : applied_) {
      if (applied.acl) {
        completeRight(rights_[id], applied, givers.size() > 1);
      } else {
        rights_.erase(id);
      }
    }
    updateRoot();
    empty_ = rights_.empty();
    const auto gives = [](const auto& entry) { return entry.second.acl; };
    if (std::any_of(applied_.begin(), applied_.end(), gives)) {
      session_.access_rights = std::move(rights_);
    }
  }
  /// Only after finish(): no policy gave a right.
  bool empty() const noexcept { return empty_; }

 private:
  /// What the session has for an API, or null.
  const AccessDefinition* own(const std::string& api_id) const {
    const auto found = session_.access_rights.find(api_id);
    return found == session_.access_rights.end() ? nullptr : &found->second;
  }
  /// The time of the next period belongs to the session, not to the policy.
  void keepRenewal(AccessDefinition& right, const AccessDefinition* mine) const {
    if (mine != nullptr && !mine->limit.empty())
      right.limit.quota_renews = mine->limit.quota_renews;
  }

  void addPerApi(const Policy& policy) {
    for (const auto& [api_id, granted] : policy.rights()) {
      per_api_ = true;
      AccessDefinition right = granted;
      right.allowance_scope = api_id;
      if (right.limit.empty()) {
        right.limit = policy.limit;
        right.allowance_scope = policy.effectiveId();
      }
      const std::string scope = right.allowance_scope;
      const AccessDefinition* mine = own(api_id);
      keepRenewal(right, mine);
      if (mine != nullptr && mine->disable_introspection) right.disable_introspection = true;
      if (const auto earlier = rights_.find(api_id); earlier != rights_.end()) {
        mergeApiLimits(right, earlier->second);
      }
      rights_.insert_or_assign(api_id, std::move(right));
      applied_[api_id] = {true, true, true, true, scope};
    }
  }

  void addParts(const Policy& policy) {
    const Parts parts(policy.partitions);
    for (const auto& [api_id, granted] : policy.rights()) {
      AccessDefinition& right = rights_[api_id];
      Applied& applied = applied_[api_id];
      if (parts.acl) {
        applied.acl = true;
        applied.set_by = policy.effectiveId();
        mergeAccess(right, granted);
      }
      if (parts.quota) {
        applied.quota = true;
        raiseQuota(right.limit, session_.limit, policy.limit);
      }
      if (parts.rate) {
        applied.rate = true;
        raiseRate(right.limit.rate, policy.limit.rate);
        raiseRate(session_.limit.rate, policy.limit.rate);
        raiseThrottle(right.limit, session_.limit, policy.limit);
        mergeNamedLimits(right, granted);
      }
      if (parts.complexity) {
        applied.complexity = true;
        raiseDepth(right.limit, policy.limit);
      }
      keepRenewal(right, own(api_id));
    }
    if (policy.rights().empty()) setRoot(session_.limit, policy.limit, parts);
  }

  void raiseDepth(ApiLimit& right, const ApiLimit& policy) {
    if (!larger(policy.max_query_depth, right.max_query_depth)) return;
    right.max_query_depth = policy.max_query_depth;
    std::int64_t& root = session_.limit.max_query_depth;
    if (larger(policy.max_query_depth, root)) root = policy.max_query_depth;
  }

  void addCommon(const Policy& policy) {
    session_.is_inactive = session_.is_inactive || policy.is_inactive;
    session_.hmac_enabled = session_.hmac_enabled || policy.hmac_enabled;
    session_.enable_http_signature_validation =
        session_.enable_http_signature_validation || policy.enable_http_signature_validation;
    if (policy.meta_data) {
      for (const auto& [name, value] : *policy.meta_data) session_.meta_data[name] = value;
    }
    raise(session_.last_updated, policy.last_updated);
    if (!policy.post_expiry_action.empty()) session_.post_expiry_action = policy.post_expiry_action;
    if (policy.post_expiry_grace_period != 0) {
      session_.post_expiry_grace_period = policy.post_expiry_grace_period;
    }
  }

  /// Parts that no policy set for this API come from the session's root.
  void completeRight(AccessDefinition& right, const Applied& applied, bool several_givers) {
    ApiLimit& limit = right.limit;
    const ApiLimit& root = session_.limit;
    if (!applied.rate) {
      limit.rate = root.rate;
      limit.throttle_interval = root.throttle_interval;
      limit.throttle_retry_limit = root.throttle_retry_limit;
      right.endpoints.clear();
    }
    if (!applied.complexity) limit.max_query_depth = root.max_query_depth;
    if (!applied.quota) {
      limit.quota_max = root.quota_max;
      limit.quota_renewal_rate = root.quota_renewal_rate;
      limit.quota_renews = root.quota_renews;
    }
    if (several_givers && right.allowance_scope.empty()) right.allowance_scope = applied.set_by;
  }

  /// The result of the one API that `part` was set for, or null when they are more or none.
  const ApiLimit* onlyOne(bool Applied::*part) const {
    const std::string* only = nullptr;
    for (const auto& [id, applied] : applied_) {
      if (!(applied.*part)) continue;
      if (only != nullptr) return nullptr;
      only = &id;
    }
    if (only == nullptr) return nullptr;
    const auto right = rights_.find(*only);
    return right == rights_.end() ? nullptr : &right->second.limit;
  }

  /// One API alone: its limits are the session's, as before there were limits for each API.
  void updateRoot() {
    const ApiLimit* quota = onlyOne(&Applied::quota);
    const ApiLimit* rate = onlyOne(&Applied::rate);
    const ApiLimit* complexity = onlyOne(&Applied::complexity);
    if (quota == nullptr || rate == nullptr || complexity == nullptr) return;
    ApiLimit& root = session_.limit;
    root.rate = rate->rate;
    root.quota_max = quota->quota_max;
    root.quota_renews = quota->quota_renews;
    root.quota_renewal_rate = quota->quota_renewal_rate;
    root.max_query_depth = complexity->max_query_depth;
  }

  SessionData& session_;
  AccessRights rights_;
  std::map<std::string, Applied, std::less<>> applied_;
  bool per_api_ = false;
  bool partitioned_ = false;
  bool empty_ = true;
};

/// A limit of an API's own counts for itself.
void scopeOwnLimits(SessionData& session) {
  for (auto& [api_id, right] : session.access_rights) {
    if (!right.limit.empty()) right.allowance_scope = api_id;
  }
}

Result<void> mergeAll(Merge& merge, const PolicyList& list,
                      std::optional<std::string_view> org_id) {
  for (std::size_t i = 0; i < list.policies.size(); ++i) {
    const Policy* policy = list.policies[i];
    if (policy == nullptr) {
      if (list.policies.size() > 1) continue;
      return Error(Errc::kNotFound, "policy not found: \"" + list.ids[i] + "\"");
    }
    if (org_id && policy->org_id != *org_id) {
      return Error(Errc::kForbidden,
                   "attempting to apply policy from different organisation to key, skipping");
    }
    if (auto added = merge.add(*policy); !added) return added;
  }
  return {};
}

void mergeTags(SessionData& session, const PolicyList& list) {
  std::vector<std::string> tags;
  for (const Policy* policy : list.policies) {
    if (policy != nullptr && policy->tags) unite(tags, *policy->tags);
  }
  unite(tags, session.tags);
  session.tags = std::move(tags);
}

}  // namespace

Result<void> applyPolicies(SessionData& session, const PolicySet& set,
                           std::optional<std::string_view> org_id) {
  const PolicyList list = policiesOf(session, set);
  if (list.policies.empty()) {
    scopeOwnLimits(session);
    return {};
  }
  clearLimits(session, list);
  // Whether a session with policies is inactive, they alone decide.
  session.is_inactive = false;
  Merge merge(session);
  if (auto merged = mergeAll(merge, list, org_id); !merged) return merged;
  mergeTags(session, list);
  merge.finish();
  if (merge.empty()) return Error(Errc::kForbidden, "key has no valid policies to be applied");
  return {};
}

}  // namespace tykpp::session
