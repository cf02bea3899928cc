#include "oauth/server.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "oauth/impl/context.hpp"
#include "oauth/redirect.hpp"

namespace tykpp::oauth {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::int64_t kCodeLife = 250;  // seconds

Answer methodNotAllowed() { return statusAnswer(405, "Method not supported"); }

/// Members of a successful answer with a token.
std::map<std::string, std::string> tokenMembers(const Grant& grant) {
  std::map<std::string, std::string> members{{"access_token", grant.access_token},
                                             {"expires_in", std::to_string(grant.expires_in)},
                                             {"token_type", "bearer"}};
  if (!grant.refresh_token.empty()) members["refresh_token"] = grant.refresh_token;
  if (!grant.scope.empty()) members["scope"] = grant.scope;
  return members;
}

/// A code is as long as the original's: 22 characters of base64url.
std::string newCode() {
  std::string hex = newUuid();
  std::erase(hex, '-');
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(hexValue(hex[i]) * 16 + hexValue(hex[i + 1]));
  }
  std::string code = encodeBase64(bytes, false);
  std::replace(code.begin(), code.end(), '+', '-');
  std::replace(code.begin(), code.end(), '/', '_');
  return code;
}

}  // namespace

Error storeFailed(const Error& error) {
  TYKPP_LOG(err, "oauth", "the store does not answer: {}", error.message());
  return refused("server_error");
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Endpoint endpointOf(std::string_view below) noexcept {
  if (below.starts_with('/')) below.remove_prefix(1);
  if (below == "oauth/revoke") return Endpoint::kRevoke;
  if (below == "oauth/revoke_all") return Endpoint::kRevokeAll;
  if (below.ends_with('/')) below.remove_suffix(1);
  if (below == "oauth/token") return Endpoint::kToken;
  if (below == "oauth/authorize") return Endpoint::kAuthorize;
  if (below == "tyk/oauth/authorize-client") return Endpoint::kAuthorizeClient;
  return Endpoint::kNone;
}

net::Task<Answer> Server::answer(const Site& site, const definition::ApiSpec& api,
                                 Endpoint endpoint, Call call) const {
  const Context context(site, api, std::move(call));
  switch (endpoint) {
    case Endpoint::kToken:
      co_return co_await token(context);
    case Endpoint::kAuthorize:
      co_return co_await authorize(context);
    case Endpoint::kAuthorizeClient:
      co_return co_await authorizeClient(context);
    case Endpoint::kRevoke:
      co_return co_await revoke(context);
    case Endpoint::kRevokeAll:
      co_return co_await revokeAll(context);
    case Endpoint::kNone:
      break;
  }
  co_return statusAnswer(404, "Not Found");
}

net::Task<Answer> Server::token(const Context& context) const {
  const bool reads = context.call.method == "GET";
  if (!reads && context.call.method != "POST") co_return methodNotAllowed();
  Answer answer;
  if (reads) {
    answer = errorAnswer(context.errorStatus(), "invalid_request");
  } else {
    const Result<Grant> granted = co_await grant(context);
    if (granted) {
      answer.body = jsonObject(tokenMembers(*granted), true) + "\n";
      notify(context, *granted);
    } else {
      TYKPP_LOG(info, "oauth", "no token was given: {} api_id={}", granted.error().message(),
                log::quoted(context.api.api_id));
      answer = errorAnswer(context.errorStatus(), granted.error().message());
    }
  }
  answer.headers = {{"X-Content-Type-Options", "nosniff"},
                    {"X-XSS-Protection", "1; mode=block"},
                    {"X-Frame-Options", "DENY"},
                    {"Strict-Transport-Security", "max-age=63072000; includeSubDomains"},
                    {"Cache-Control", "no-cache, no-store, must-revalidate"},
                    {"Pragma", "no-cache"},
                    {"Expires", "0"}};
  co_return answer;
}

void Server::notify(const Context& context, const Grant& grant) const {
  if (context.rules.notify_url.empty()) return;
  const std::string old = context.text("refresh_token");
  notifier_.tell(context.rules.notify_url, context.rules.notify_secret,
                 {context.text("code"), grant.access_token, grant.refresh_token, old});
}

net::Task<Result<void>> Server::ask(const Context& context, Asked& asked) const {
  asked.state = context.text("state");
  asked.scope = context.text("scope");
  asked.type = context.text("response_type");
  const std::string separator = context.config().redirect_uri_separator;
  const std::string id = context.text("client_id");
  const Result<std::optional<Client>> client = co_await context.store.findClient(id);
  if (!client) co_return storeFailed(client.error());
  if (!*client) co_return refused("server_error");
  asked.client = **client;
  const std::string& registered = asked.client.redirect_uri;
  if (registered.empty()) co_return refused("unauthorized_client");
  // Escaped once more than the form needs, by clients of the original.
  std::string wanted = formDecode(context.form.get("redirect_uri"));
  if (wanted.empty()) wanted = firstOf(registered, separator);
  if (!isRegistered(registered, wanted, separator)) co_return refused("invalid_request");
  asked.redirect_uri = std::move(wanted);
  if (!contains(context.rules.authorize_types, asked.type) ||
      (asked.type != "code" && asked.type != "token")) {
    co_return refused("unsupported_response_type");
  }
  co_return Result<void>{};
}

net::Task<Answer> Server::authorize(const Context& context) const {
  const bool reads = context.call.method == "GET";
  if (!reads && context.call.method != "POST") co_return methodNotAllowed();
  Asked asked;
  const Result<void> good = co_await ask(context, asked);
  if (!good) co_return statusAnswer(context.errorStatus(), describe(good.error().message()));
  Answer answer;
  answer.status = 307;
  answer.content_type.clear();
  std::string location = context.rules.login_redirect;
  if (reads) location += "?" + context.call.query;
  answer.headers.emplace_back("Location", std::move(location));
  co_return answer;
}

net::Task<Answer> Server::authorizeClient(const Context& context) const {
  const std::string& secret = context.site.config.secret;
  if (secret.empty() || !equalsConstantTime(context.call.admin_secret, secret)) {
    co_return statusAnswer(403, "Attempted administrative access with invalid or missing key!");
  }
  if (context.call.method != "POST") co_return methodNotAllowed();
  Asked asked;
  Result<void> good = co_await ask(context, asked);
  std::map<std::string, std::string> members;
  if (good) {
    const std::string rules = context.text("key_rules");
    Grant code;
    code.client = asked.client;
    code.redirect_uri = asked.redirect_uri;
    code.scope = asked.scope;
    code.state = asked.state;
    if (!rules.empty()) code.user_data = rules;
    if (asked.type == "code") {
      code.code = newCode();
      code.created = timeNow();
      code.expires_in = kCodeLife;
      const Result<bool> saved = co_await context.store.saveCode(code);
      if (!saved) good = storeFailed(saved.error());
      members = {{"code", code.code}};
    } else {
      const TokenOrder order{code.client, code.scope, code.redirect_uri, code.user_data, false};
      const Result<Grant> given = co_await give(context, order);
      if (!given) good = given.error();
      if (given) members = tokenMembers(*given);
    }
  }
  Answer answer;
  answer.content_type = kPlain;
  if (!good) {
    answer.status = context.errorStatus();
    const std::string error = good.error().message();
    members = {{"error", error}, {"error_description", std::string(describe(error))}};
  }
  if (!asked.state.empty()) members["state"] = asked.state;
  if (!asked.redirect_uri.empty()) {
    const bool fragment = good && asked.type == "token";
    std::string redirect = withMembers(asked.redirect_uri, members, fragment);
    members["redirect_to"] = std::move(redirect);
  }
  answer.body = jsonObject(members, false) + "\n";
  co_return answer;
}

net::Task<Answer> Server::revoke(const Context& context) const {
  if (context.form.malformed()) co_return statusAnswer(400, "error parsing form. Form malformed");
  const std::string token = context.text("token");
  const std::string_view hint = context.form.get("token_type_hint");
  if (token.empty()) co_return statusAnswer(400, "token is required");
  if (hint != "refresh_token") {
    const Result<bool> removed = co_await context.store.removeAccess(token);
    if (!removed) co_return statusAnswer(500, storeFailed(removed.error()).message());
  }
  if (hint != "access_token") {
    const Result<bool> removed = co_await context.store.removeRefresh(token);
    if (!removed) co_return statusAnswer(500, storeFailed(removed.error()).message());
  }
  co_return statusAnswer(200, "token revoked successfully");
}

net::Task<Answer> Server::revokeAll(const Context& context) const {
  if (context.form.malformed()) co_return statusAnswer(400, "error parsing form. Form malformed");
  const std::string id = context.text("client_id");
  const std::string_view secret = context.form.get("client_secret");
  if (id.empty()) co_return statusAnswer(401, "client_id is required");
  if (secret.empty()) co_return statusAnswer(401, "client_secret is required");
  const Result<std::optional<Client>> client = co_await context.store.findClient(id);
  if (!client || !*client) co_return statusAnswer(404, "error getting oauth client");
  if (!equalsConstantTime((*client)->secret, secret)) {
    co_return statusAnswer(401, "client secret is wrong");
  }
  const Result<std::int64_t> removed = co_await context.store.removeTokens(id);
  if (!removed) co_return statusAnswer(400, "cannot retrieve client tokens");
  co_return statusAnswer(200, "tokens revoked successfully");
}

}  // namespace tykpp::oauth
