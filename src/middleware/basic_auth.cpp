#include "middleware/basic_auth.hpp"

#include <re2/re2.h>

#include <array>

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "jwt/token_cache.hpp"
#include "middleware/admission.hpp"
#include "net/loop.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"
#include "session/password.hpp"

namespace tykpp::middleware {
namespace {

Error malformed(const char* text) { return Error(Errc::kForbidden, Side::kClient, 400, text); }

Error malformedHeader(const char* why) {
  return Error(Errc::kForbidden, Side::kClient, 400,
               "Attempted access with malformed header, " + std::string(why));
}

/// A challenge that names the API (RFC 9110 section 5.6.4: quotes and backslashes are escaped).
std::string challengeFor(std::string_view api_name) {
  std::string text = "Basic realm=\"";
  for (const char c : api_name) {
    if (c == '"' || c == '\\') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return text + "\"";
}

}  // namespace

/// Where credentials stand in bodies.
class BasicAuth::Patterns {
 public:
  explicit Patterns(const definition::BasicAuth& rules)
      : user_(rules.body_user_regexp, RE2::Quiet),
        password_(rules.body_password_regexp, RE2::Quiet) {}

  Result<User> find(std::string_view body) const {
    User user;
    if (!first(user_, body)) return malformed("Body do not contain username");
    if (!group(user_, body, user.name))
      return malformed("username should be inside regexp match group");
    if (!first(password_, body)) return malformed("Body do not contain password");
    if (!group(password_, body, user.password))
      return malformed("password should be inside regexp match group");
    return user;
  }

 private:
  static bool first(const RE2& pattern, std::string_view body) {
    return RE2::PartialMatch(re2::StringPiece(body.data(), body.size()), pattern);
  }
  static bool group(const RE2& pattern, std::string_view body, std::string& out) {
    if (pattern.NumberOfCapturingGroups() == 0) return false;
    std::array<re2::StringPiece, 2> parts;
    const re2::StringPiece text(body.data(), body.size());
    if (!pattern.Match(text, 0, text.size(), RE2::UNANCHORED, parts.data(), 2)) return false;
    out.assign(parts[1].data() == nullptr ? "" : parts[1].data(), parts[1].size());
    return true;
  }
  RE2 user_;
  RE2 password_;
};

/// Passwords that were right, each until a time.
struct BasicAuth::Memory {
  jwt::Digester digester{jwt::Digester::Salt::kRandom};
  jwt::TokenCache<Clock::time_point> right;
  std::string text;

  /// @return false: nothing can be remembered
  bool digestOf(std::string_view kept, std::string_view password, jwt::Digest& out) {
    text.assign(kept).push_back('\0');
    text.append(password);
    const bool done = digester.digest(text, out);
    std::fill(text.begin(), text.end(), '\0');
    return done;
  }
};

Result<std::vector<std::unique_ptr<chain::Step>>> BasicAuth::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->basic.enabled) return steps;
  if (build.keyrings == nullptr)
    return Error(Errc::kNotBuilt, "needs a store of keys").at("/use_basic_auth");
  steps.push_back(std::make_unique<BasicAuth>(build));
  return steps;
}

BasicAuth::BasicAuth(const chain::BuildContext& build)
    : auth_(build.api.auth),
      credential_(auth_->basic.source),
      realm_(challengeFor(build.api.name)),
      becomes_identity_(givesIdentity(build.api, definition::identity::kBasic)),
      keyrings_(*build.keyrings),
      events_(build.events) {
  if (auth_->basic.extract_from_body) patterns_ = std::make_unique<Patterns>(auth_->basic);
  for (std::uint32_t i = 0; i < build.workers; ++i) memories_.push_back(std::make_unique<Memory>());
}

BasicAuth::~BasicAuth() = default;

http::BodyNeed BasicAuth::requestBody() const noexcept {
  return patterns_ != nullptr ? http::BodyNeed::kBuffer : http::BodyNeed::kStream;
}

Error BasicAuth::challenge(http::Exchange& exchange, const char* text) const {
  exchange.error_headers.set("Www-Authenticate", realm_);
  return Error(Errc::kForbidden, Side::kClient, 401, text);
}

Error BasicAuth::refused(http::Exchange& exchange) const {
  TYKPP_LOG(info, "auth", "Attempted access with invalid user api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange,
                          exchange.request().headers.get(http::HeaderId::kAuthorization));
  return challenge(exchange, "User not authorised");
}

Result<BasicAuth::User> BasicAuth::userInHeader(http::Exchange& exchange) const {
  const std::string_view value = credential_.of(exchange);
  if (value.empty()) return challenge(exchange, "Authorization field missing");
  const std::size_t space = value.find(' ');
  // The scheme's name is not looked at, as in the reference.
  if (space == std::string_view::npos || value.find(' ', space + 1) != std::string_view::npos)
    return malformedHeader("header not in basic auth format");
  const std::optional<std::string> decoded = decodeBase64(value.substr(space + 1));
  if (!decoded) return malformedHeader("auth data not encoded correctly");
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos || decoded->find(':', colon + 1) != std::string::npos)
    return malformedHeader("values not in basic auth format");
  return User{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

Result<BasicAuth::User> BasicAuth::userOf(http::Exchange& exchange) const {
  Result<User> user = userInHeader(exchange);
  if (user || patterns_ == nullptr) return user;
  exchange.error_headers.erase("Www-Authenticate");
  const std::string* body = exchange.request().body();
  return patterns_->find(body == nullptr ? std::string_view{} : std::string_view(*body));
}

Result<chain::Verdict> BasicAuth::admitted(http::Exchange& exchange, const Entry& entry) const {
  if (admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_))
    return chain::Verdict::kContinue;
  return refused(exchange);
}

std::optional<bool> BasicAuth::quickly(const http::Exchange& exchange,
                                       const session::SessionEntry& entry, const User& user) const {
  const session::BasicAuthData& kept = entry.stored().basic_auth_data;
  // A key without a password is not a user with an empty one.
  if (kept.password.empty()) return false;
  if (!session::isSlow(kept)) return session::verifyPassword(kept, user.password);
  if (auth_->basic.disable_caching) return std::nullopt;
  Memory& memory = *memories_[exchange.workerIndex()];
  jwt::Digest digest;
  if (!memory.digestOf(kept.password, user.password, digest)) return std::nullopt;
  const auto* until = memory.right.find(digest);
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  if (until != nullptr && now < **until) return true;
  return std::nullopt;
}

void BasicAuth::remember(const http::Exchange& exchange, const session::SessionEntry& entry,
                         const User& user) const {
  if (auth_->basic.disable_caching) return;
  Memory& memory = *memories_[exchange.workerIndex()];
  jwt::Digest digest;
  if (!memory.digestOf(entry.stored().basic_auth_data.password, user.password, digest)) return;
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  auto until = std::make_shared<const Clock::time_point>(now + auth_->basic.cache_ttl);
  memory.right.put(digest, std::move(until), sizeof(Clock::time_point));
}

Result<chain::Verdict> BasicAuth::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const Result<User> user = userOf(exchange);
  if (!user) return user.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const Entry entry = keyring.cached(exchange.api->org_id, user->name);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  const std::optional<bool> right = quickly(exchange, *entry, *user);
  if (!right) return chain::Verdict::kSuspend;
  if (!*right) return refused(exchange);
  return admitted(exchange, entry);
}

net::Task<BasicAuth::Entry> BasicAuth::sessionOf(session::Keyring& keyring, std::string_view org_id,
                                                 std::string_view name) const {
  const definition::KeyConfig& keys = keyrings_.config().identity.keys;
  if (name.size() < static_cast<std::size_t>(keys.min_token_length)) co_return nullptr;
  // The whole token: a short name is no short key.
  const std::string token = session::makeToken(org_id, name, keys.hash_key_function);
  Result<Entry> found = co_await keyring.find(org_id, token);
  if (found && *found == nullptr && !keys.hash_key_function.empty()) {
    // Users that were made before tokens got their newer form.
    const std::string legacy = session::makeToken(org_id, name, "");
    found = co_await keyring.find(org_id, legacy);
  }
  if (!found) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {}", found.error().message());
    co_return nullptr;
  }
  if (*found != nullptr) keyring.keep(*found, org_id, name);
  co_return *found;
}

net::Task<Result<chain::Verdict>> BasicAuth::finish(http::Exchange& exchange) const {
  const Result<User> user = userOf(exchange);
  if (!user) co_return user.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const Entry entry = co_await sessionOf(keyring, exchange.api->org_id, user->name);
  if (entry == nullptr) co_return refused(exchange);
  std::optional<bool> right = quickly(exchange, *entry, *user);
  if (!right) {
    // Named, because g++ 12 moves parameters of a co_await expression bit by bit.
    net::Task<Result<bool>> comparing = keyrings_.passwords().verify(
        keyring.loop(), entry->stored().basic_auth_data, user->password);
    const Result<bool> verified = co_await comparing;
    if (!verified) {
      TYKPP_LOG(warn, "auth", "a password is not compared: {}", verified.error().message());
      co_return Error(Errc::kForbidden, Side::kGateway, 503, "Service Unavailable");
    }
    right = *verified;
    if (*right) remember(exchange, *entry, *user);
  }
  if (!*right) co_return refused(exchange);
  co_return admitted(exchange, entry);
}

}  // namespace tykpp::middleware
