// The grants of the token endpoint.

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "oauth/impl/context.hpp"
#include "oauth/redirect.hpp"
#include "session/lifetime.hpp"
#include "session/saturating.hpp"

namespace tykpp::oauth {
namespace {

/// Whether every word of a scope is among another's.
bool within(std::string_view scope, std::string_view all) {
  const std::string padded = " " + std::string(all) + " ";
  while (!scope.empty()) {
    const std::string_view word = scope.substr(0, scope.find(' '));
    scope.remove_prefix(std::min(scope.size(), word.size() + 1));
    if (!word.empty() && padded.find(" " + std::string(word) + " ") == std::string::npos) {
      return false;
    }
  }
  return true;
}

/// How long the store keeps a user's session.
std::int64_t lifetimeOf(const session::SessionData& user, const definition::GatewayConfig& config,
                        const definition::ApiSpec& api) {
  const definition::SessionConfig& sessions = config.identity.sessions;
  const session::LifetimeRules rules{sessions.force_global_session_lifetime,
                                     sessions.global_session_lifetime,
                                     sessions.session_lifetime_respects_key_expiration};
  const session::ApiLifetime of_api{api.auth->session_lifetime,
                                    api.auth->session_lifetime_respects_key_expiration};
  return session::lifetime(user, rules, of_api, unixSeconds());
}

}  // namespace

Server::Granted Server::grant(const Context& context) const {
  const std::string_view type = context.form.get("grant_type");
  if (!contains(context.rules.access_types, type)) co_return refused("unsupported_grant_type");
  if (type == "authorization_code") co_return co_await byCode(context);
  if (type == "refresh_token") co_return co_await byRefreshToken(context);
  if (type == "password") co_return co_await byPassword(context);
  if (type == "client_credentials") co_return co_await byClient(context);
  co_return refused("unsupported_grant_type");
}

net::Task<Result<Client>> Server::authenticated(const Context& context) const {
  std::string id;
  std::string secret;
  if (!readBasic(context.call.authorization, id, secret)) co_return refused("invalid_request");
  Result<std::optional<Client>> client = co_await context.store.findClient(id);
  if (!client) co_return storeFailed(client.error());
  if (!*client) co_return refused("server_error");
  if (!equalsConstantTime((*client)->secret, secret) || (*client)->redirect_uri.empty()) {
    co_return refused("unauthorized_client");
  }
  co_return std::move(**client);
}

Server::Granted Server::give(const Context& context, const TokenOrder& order) const {
  const Result<MadeToken> made = makeToken(context.site, order);
  if (!made) co_return refused("server_error");
  const Result<bool> saved = co_await context.store.saveTokens(made->grant, made->session);
  if (!saved) co_return storeFailed(saved.error());
  co_return made->grant;
}

Server::Granted Server::byCode(const Context& context) const {
  const std::string code = context.text("code");
  const std::string separator = context.config().redirect_uri_separator;
  std::string id;
  std::string secret;
  if (!readBasic(context.call.authorization, id, secret)) co_return refused("invalid_request");
  if (code.empty()) co_return refused("invalid_grant");
  const Result<Client> client = co_await authenticated(context);
  if (!client) co_return client.error();
  const Result<std::optional<Grant>> known = co_await context.store.findCode(code);
  if (!known) co_return storeFailed(known.error());
  if (!*known) co_return refused("invalid_grant");
  const Grant& given = **known;
  const bool over =
      session::saturatingAdd(given.created.seconds, given.expires_in) <= unixSeconds();
  if (over || given.client.id != client->id) co_return refused("invalid_grant");
  std::string redirect = context.text("redirect_uri");
  if (redirect.empty()) redirect = firstOf(client->redirect_uri, separator);
  if (!isRegistered(client->redirect_uri, redirect, separator) || redirect != given.redirect_uri) {
    co_return refused("invalid_request");
  }
  const TokenOrder order{*client, given.scope, redirect, given.user_data, true};
  if (!makeToken(context.site, order)) co_return refused("server_error");
  // Whoever removes it has it: two calls at once do not both get a token.
  const Result<bool> mine = co_await context.store.removeCode(code);
  if (!mine) co_return storeFailed(mine.error());
  if (!*mine) co_return refused("invalid_grant");
  co_return co_await give(context, order);
}

Server::Granted Server::byRefreshToken(const Context& context) const {
  const std::string token = context.text("refresh_token");
  std::string id;
  std::string secret;
  if (!readBasic(context.call.authorization, id, secret)) co_return refused("invalid_request");
  if (token.empty()) co_return refused("invalid_grant");
  const Result<Client> client = co_await authenticated(context);
  if (!client) co_return client.error();
  const Result<std::optional<Grant>> known = co_await context.store.findRefresh(token);
  if (!known) co_return storeFailed(known.error());
  if (!*known) co_return refused("invalid_grant");
  const Grant& before = **known;
  if (before.client.id != client->id) co_return refused("invalid_client");
  const std::string wanted = context.text("scope");
  if (!within(wanted, before.scope)) co_return refused("access_denied");
  const TokenOrder order{*client, wanted.empty() ? before.scope : wanted, before.redirect_uri,
                         before.user_data, true};
  if (!makeToken(context.site, order)) co_return refused("server_error");
  const Result<bool> mine = co_await context.store.removeRefresh(token);
  if (!mine) co_return storeFailed(mine.error());
  if (!*mine) co_return refused("invalid_grant");
  const Result<bool> gone = co_await context.store.removeAccess(before.access_token);
  if (!gone) co_return storeFailed(gone.error());
  co_return co_await give(context, order);
}

/// The user is a key with basic authentication, under the name that the original looks for.
Server::Granted Server::byPassword(const Context& context) const {
  const std::string username = context.text("username");
  const std::string password = context.text("password");
  std::string id;
  std::string secret;
  if (!readBasic(context.call.authorization, id, secret)) co_return refused("invalid_request");
  if (username.empty() || password.empty()) co_return refused("invalid_grant");
  const Result<Client> client = co_await authenticated(context);
  if (!client) co_return client.error();
  session::SessionStore& sessions = context.site.sessions;
  const std::string user_token = context.api.org_id + username;
  const std::string name = sessions.nameOf(user_token);
  Result<std::optional<session::StoredSession>> found =
      co_await sessions.findByName(name, user_token);
  if (!found) co_return storeFailed(found.error());
  if (!*found) co_return refused("access_denied");
  session::SessionData& user = (*found)->data;
  const session::BasicAuthData kept = user.basic_auth_data;
  const bool readable = kept.hash_type.empty() || kept.hash_type == "bcrypt";
  const bool ended = user.expires >= 1 && user.expires <= unixSeconds();
  if (!readable || ended || kept.password.empty()) co_return refused("access_denied");
  auto verifying = context.site.passwords.verify(context.site.loop, kept, password);
  const Result<bool> right = co_await verifying;
  if (!right) co_return refused("temporarily_unavailable");
  if (!*right) co_return refused("access_denied");

  session::SessionData copy = user;
  copy.basic_auth_data = {};  // a token has no use for it
  copy.oauth_keys.clear();
  if (!client->meta_data.empty()) copy.meta_data = client->metaData();
  const TokenOrder order{*client, context.text("scope"), context.text("redirect_uri"), copy.json(),
                         true};
  const auto old = user.oauth_keys.find(client->id);
  if (old != user.oauth_keys.end()) {
    const std::string old_token = old->second;
    const Result<bool> gone = co_await context.store.removeAccess(old_token);
    if (!gone) co_return storeFailed(gone.error());
  }
  Result<Grant> given = co_await give(context, order);
  if (!given) co_return given;
  user.oauth_keys[client->id] = given->access_token;
  const std::int64_t seconds = lifetimeOf(user, context.site.config, context.api);
  const Result<bool> saved = co_await sessions.save(name, user, seconds, storage::SetIf::kPresent);
  if (!saved) co_return storeFailed(saved.error());
  co_return given;
}

Server::Granted Server::byClient(const Context& context) const {
  const Result<Client> client = co_await authenticated(context);
  if (!client) co_return client.error();
  const TokenOrder order{*client, context.text("scope"), context.text("redirect_uri"), std::nullopt,
                         false};
  co_return co_await give(context, order);
}

}  // namespace tykpp::oauth
