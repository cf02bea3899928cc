#pragma once
// Where a call of the authorisation server runs: a loop with its store client, and what all share.

#include <functional>
#include <string>

#include "definition/gateway_config.hpp"
#include "session/keyring.hpp"
#include "session/password.hpp"
#include "session/policy_set.hpp"
#include "session/session_store.hpp"

namespace tykpp::oauth {

/// Plain references; what they name outlives every call. Thread: the loop's.
struct Site {
  net::Loop& loop;
  session::SessionStore& sessions;
  session::PasswordPool& passwords;
  const definition::GatewayConfig& config;
  /// The policies in force. View: until the caller waits for something.
  std::function<const session::PolicySet&()> policies;
};

/// A worker's.
inline Site siteOf(session::Keyring& ring) {
  return {ring.loop(), ring.store(), ring.all().passwords(), ring.all().config(),
          [&ring]() -> const session::PolicySet& { return ring.policies(); }};
}

}  // namespace tykpp::oauth
