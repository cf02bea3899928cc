#pragma once
// What the parts of the authorisation server share about one call.

#include <string>
#include <string_view>

#include "oauth/server.hpp"

namespace tykpp::oauth {

/// Lives in the frame of the call's outermost coroutine.
struct Server::Context {
  Context(const Site& where, const definition::ApiSpec& what, Call asked)
      : site(where),
        api(what),
        rules(what.auth->oauth),
        call(std::move(asked)),
        form(call),
        store(where, what.api_id, what.org_id) {}
  const Site& site;
  const definition::ApiSpec& api;
  const definition::OAuthRules& rules;
  const Call call;
  const Form form;
  mutable Store store;

  std::string text(std::string_view name) const { return std::string(form.get(name)); }
  const definition::OAuthConfig& config() const { return site.config.identity.oauth; }
  std::uint16_t errorStatus() const {
    return static_cast<std::uint16_t>(config().error_status_code);
  }
};

/// What a client asks the resource owner's consent for.
struct Server::Asked {
  Client client;
  std::string redirect_uri;  ///< set once the client is known and the address its own
  std::string state;
  std::string scope;
  std::string type;  ///< `code` or `token`
};

/// Names of errors (RFC 6749 section 5.2), as the message of an Error.
inline Error refused(const char* name) { return {Errc::kForbidden, name}; }
/// The store failed: logged, `server_error`.
Error storeFailed(const Error& error);
bool contains(const std::vector<std::string>& list, std::string_view text);

}  // namespace tykpp::oauth
