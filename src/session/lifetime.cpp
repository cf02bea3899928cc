#include "session/lifetime.hpp"

#include <algorithm>

#include "session/saturating.hpp"

namespace tykpp::session {
namespace {

constexpr std::int64_t kForGood = -1;

std::int64_t afterExpiry(const SessionData& session, std::int64_t now) {
  if (session.expires <= 0) return 0;
  const std::int64_t grace =
      session.post_expiry_action == "retain" ? session.post_expiry_grace_period : 0;
  if (grace == kForGood) return kForGood;
  return std::max<std::int64_t>(1, saturatingAdd(session.expires - now, grace));
}

}  // namespace

std::int64_t lifetime(const SessionData& session, const LifetimeRules& rules,
                      const ApiLifetime& api, std::int64_t now) {
  if (rules.force_global) return rules.global_lifetime;
  if (session.post_expiry_action == "delete" ||
      (session.post_expiry_action == "retain" && session.post_expiry_grace_period != 0)) {
    return afterExpiry(session, now);
  }
  const std::int64_t wanted =
      session.session_lifetime > 0 ? session.session_lifetime : api.session_lifetime;
  if (wanted <= 0) return 0;
  if (!rules.respects_key_expiration && !api.respects_key_expiration) return wanted;
  if (session.expires <= 0) return session.expires;
  return std::max(wanted, session.expires - now);
}

std::int64_t lifetime(const SessionData& session, const LifetimeRules& rules,
                      std::span<const ApiLifetime> apis, std::int64_t now) {
  if (apis.empty()) return lifetime(session, rules, ApiLifetime{}, now);
  std::int64_t longest = 0;
  for (const ApiLifetime& api : apis) {
    const std::int64_t one = lifetime(session, rules, api, now);
    if (one == kForGood) return kForGood;
    longest = std::max(longest, one);
  }
  return longest;
}

}  // namespace tykpp::session
