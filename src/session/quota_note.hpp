#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

#include "session/session_data.hpp"

namespace tykpp::session {

/// Puts what a quota's counter says into a session, for those who show it: at the root, or in the
/// access rights that share the counter.
/// @param scope   LimitPlan::scope()
/// @param renews  unix seconds
inline void noteQuota(SessionData& session, std::string_view scope, std::int64_t remaining,
                      std::int64_t renews) {
  const auto note = [&](ApiLimit& limit) {
    limit.quota_remaining = remaining;
    limit.quota_renews = renews;
  };
  if (scope.empty()) note(session.limit);
  for (auto& [api_id, right] : session.access_rights) {
    if (right.allowance_scope == scope && !right.limit.empty()) note(right.limit);
  }
}

/// Unix seconds of a quota's renewal.
/// @param left  until its counter ends; negative: it never does @param never  what holds then
inline std::int64_t renewalAfter(std::chrono::milliseconds left, std::int64_t never) {
  if (left.count() < 0) return never;
  const auto then = std::chrono::system_clock::now().time_since_epoch() + left;
  return std::chrono::duration_cast<std::chrono::seconds>(then).count();
}

}  // namespace tykpp::session
