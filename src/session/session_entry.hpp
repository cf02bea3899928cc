#pragma once
// A session as a worker's cache holds it: the stored object before policies, and what was computed
// from it, which a request finds again by comparing numbers.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/limit_plan.hpp"
#include "session/policy_set.hpp"
#include "session/session_state.hpp"

namespace tykpp::session {

/// Thread: its worker's alone. What it hands out is immutable and may travel.
class SessionEntry {
 public:
  using Applied = Result<std::shared_ptr<SessionState>>;

  /// @param key    its name in the store without prefix: the token or its hash
  /// @param token  what the session is known by
  /// @param stored_bytes  length of the stored JSON, for the cache's bound
  SessionEntry(std::string key, std::string token, SessionData stored, std::size_t stored_bytes);

  /// A session that is in no cache: it has what it is to have already, policies included.
  /// @param key  as above
  SessionEntry(std::string key, std::shared_ptr<SessionState> state);

  const std::string& key() const noexcept { return key_; }
  const std::string& token() const noexcept { return token_; }
  /// Before policies.
  const SessionData& stored() const noexcept { return stored_; }
  /// Whether a plugin made it from this JSON, with its policies to be applied or taken off.
  bool madeFrom(std::string_view json, bool with_policies) const noexcept {
    return with_policies == with_policies_ && source_ == json;
  }
  void setSource(std::string json, bool with_policies) {
    source_ = std::move(json);
    with_policies_ = with_policies;
  }
  /// Lets the next applied() show what a quota's counter says now. What applied() gave out so far
  /// stays as it is. @param scope  LimitPlan::scope()
  void noteQuota(std::string_view scope, std::int64_t remaining, std::int64_t renews);
  /// Rough number of bytes that the entry and what is computed from it take.
  std::size_t bytes() const noexcept { return bytes_; }

  /// With policies applied; the error of applyPolicies() otherwise. Kept until the set or the
  /// organisation is another one. View: until the next call.
  /// @param org_id  of the API in use
  const Applied& applied(const PolicySet& set, std::string_view org_id);
  /// Whether the last applied() is this very object.
  bool holds(const SessionState* state) const noexcept {
    return applied_ && applied_->has_value() && applied_->value().get() == state;
  }
  /// The plan for an API, made from the last successful applied(). Kept as long as that.
  /// View: until the next call of any member.
  /// @param api_version  a number that no other API has, and this one not with other patterns
  /// @param made  set to true when it had to be made; may be null
  const std::shared_ptr<const LimitPlan>& plan(std::uint64_t api_version,
                                               const PlanContext& context, bool* made = nullptr);

 private:
  struct KeptPlan {
    std::uint64_t api_version;
    std::shared_ptr<const LimitPlan> plan;
  };

  std::string key_;
  std::string token_;
  SessionData stored_;
  std::size_t bytes_;
  std::string source_;  ///< empty: no plugin made it
  bool with_policies_ = true;
  std::optional<Applied> applied_;
  bool noted_ = false;            ///< stored_ is newer than applied_
  std::uint64_t generation_ = 0;  ///< of the set that applied_ comes from
  std::string org_id_;
  std::vector<KeptPlan> plans_;
};

}  // namespace tykpp::session
