#include "session/session_entry.hpp"

#include "session/apply_policies.hpp"
#include "session/quota_note.hpp"

namespace tykpp::session {
namespace {

/// Plans kept for one session; a key that calls more APIs in ten seconds computes some again.
constexpr std::size_t kMostPlans = 64;
/// Objects in memory are larger than their text: nodes, empty members, the applied form beside the
/// stored one.
constexpr std::size_t kBytesForOneOfText = 6;

}  // namespace

SessionEntry::SessionEntry(std::string key, std::string token, SessionData stored,
                           std::size_t stored_bytes)
    : key_(std::move(key)),
      token_(std::move(token)),
      stored_(std::move(stored)),
      bytes_(sizeof(SessionEntry) + sizeof(SessionState) + key_.size() + token_.size() +
             stored_bytes * kBytesForOneOfText) {}

SessionEntry::SessionEntry(std::string key, std::shared_ptr<SessionState> state)
    : SessionEntry(std::move(key), state->token(), state->data(), state->json().size()) {
  applied_.emplace(std::move(state));
}

void SessionEntry::noteQuota(std::string_view scope, std::int64_t remaining, std::int64_t renews) {
  session::noteQuota(stored_, scope, remaining, renews);
  noted_ = true;
}

const SessionEntry::Applied& SessionEntry::applied(const PolicySet& set, std::string_view org_id) {
  if (applied_ && !noted_ && generation_ == set.generation() && org_id_ == org_id) return *applied_;
  noted_ = false;
  plans_.clear();
  SessionData data = stored_;
  if (auto done = applyPolicies(data, set, org_id); done) {
    applied_.emplace(std::make_shared<SessionState>(std::move(data), token_));
  } else {
    applied_.emplace(done.error());
  }
  generation_ = set.generation();
  org_id_ = org_id;
  return *applied_;
}

const std::shared_ptr<const LimitPlan>& SessionEntry::plan(std::uint64_t api_version,
                                                           const PlanContext& context, bool* made) {
  for (const KeptPlan& kept : plans_) {
    if (kept.api_version == api_version) return kept.plan;
  }
  if (made != nullptr) *made = true;
  if (plans_.size() >= kMostPlans) plans_.clear();
  const bool usable = applied_ && applied_->has_value();
  const SessionData& data = usable ? applied_->value()->data() : stored_;
  plans_.push_back({api_version, std::make_shared<const LimitPlan>(data, context)});
  return plans_.back().plan;
}

}  // namespace tykpp::session
