#pragma once
// Access tokens: the session behind one, and giving it out with what the store keeps of it.

#include <optional>
#include <string>

#include "base/error.hpp"
#include "oauth/client.hpp"
#include "oauth/site.hpp"
#include "oauth/store.hpp"

namespace tykpp::oauth {

/// What a client may have a token for.
struct TokenOrder {
  Client client;
  std::string scope;
  std::string redirect_uri;
  std::optional<std::string> user_data;  ///< JSON of the session to copy; else the client's policy
  bool with_refresh = false;
};

/// A token and its session, not stored yet.
struct MadeToken {
  Grant grant;
  session::SessionData session;
};

/// Makes a token. @error kNotFound  neither a session nor a policy to make one of
Result<MadeToken> makeToken(const Site& site, const TokenOrder& order);

}  // namespace tykpp::oauth
