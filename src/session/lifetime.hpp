#pragma once
// How long the store keeps a session ("lifetime", the TTL of its key).

#include <cstdint>
#include <span>

#include "session/session_data.hpp"

namespace tykpp::session {

/// What the gateway's configuration says about it.
struct LifetimeRules {
  bool force_global = false;             ///< `force_global_session_lifetime`
  std::int64_t global_lifetime = 0;      ///< `global_session_lifetime`, seconds
  bool respects_key_expiration = false;  ///< `session_lifetime_respects_key_expiration`
};

/// What an API's definition says about it.
struct ApiLifetime {
  std::int64_t session_lifetime = 0;     ///< seconds
  bool respects_key_expiration = false;  ///< `session_lifetime_respects_key_expiration` of the API
};

/// Seconds; 0 and -1: no TTL.
/// @param now  unix seconds
std::int64_t lifetime(const SessionData& session, const LifetimeRules& rules,
                      const ApiLifetime& api, std::int64_t now);
/// The longest of several APIs; -1 is longer than anything. Without an API: as for one that says
/// nothing.
/// @param apis  those loaded ones that the session has rights to
std::int64_t lifetime(const SessionData& session, const LifetimeRules& rules,
                      std::span<const ApiLifetime> apis, std::int64_t now);

}  // namespace tykpp::session
