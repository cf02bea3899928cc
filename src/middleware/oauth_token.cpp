#include "middleware/oauth_token.hpp"

#include <functional>
#include <optional>
#include <unordered_map>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "middleware/admission.hpp"
#include "middleware/refusal.hpp"
#include "net/loop.hpp"
#include "oauth/store.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

constexpr auto kKnownFor = std::chrono::seconds(1);
constexpr std::size_t kMostClients = 10'000;

/// So that a view finds a string's entry.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace

/// Which clients existed a moment ago.
struct OAuthToken::Clients {
  struct Known {
    bool exists;
    Clock::time_point until;
  };
  std::unordered_map<std::string, Known, TextHash, std::equal_to<>> known;

  std::optional<bool> find(std::string_view id, Clock::time_point now) const {
    const auto found = known.find(id);
    if (found == known.end() || found->second.until <= now) return std::nullopt;
    return found->second.exists;
  }
  void put(const std::string& id, bool exists, Clock::time_point now) {
    if (known.size() >= kMostClients) known.clear();
    known.insert_or_assign(id, Known{exists, now + kKnownFor});
  }
};

Result<std::vector<std::unique_ptr<chain::Step>>> OAuthToken::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->oauth.enabled) return steps;
  if (build.keyrings == nullptr) {
    return Error(Errc::kNotBuilt, "needs a store of keys").at("/use_oauth2");
  }
  steps.push_back(std::make_unique<OAuthToken>(build));
  return steps;
}

OAuthToken::OAuthToken(const chain::BuildContext& build)
    : credential_(build.api.auth->oauth.source),
      becomes_identity_(givesIdentity(build.api, definition::identity::kOAuth)),
      keyrings_(*build.keyrings),
      events_(build.events),
      messages_(definition::errorMessages(&build.config)) {
  for (std::uint32_t i = 0; i < build.workers; ++i) clients_.push_back(std::make_unique<Clients>());
}

OAuthToken::~OAuthToken() = default;

Result<std::string_view> OAuthToken::tokenOf(const http::Exchange& exchange) const {
  std::string_view value = credential_.of(exchange);
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos)
    return middleware::refused(messages_.of(definition::ErrorId::kOAuthFieldMissing));
  if (!equalsIgnoreCase(value.substr(0, space), "bearer"))
    return middleware::refused(messages_.of(definition::ErrorId::kOAuthFieldMalformed));
  value.remove_prefix(space + 1);
  return value.substr(0, value.find(' '));
}

Error OAuthToken::refused(http::Exchange& exchange, std::string_view token) const {
  TYKPP_LOG(info, "auth", "Attempted access with non-existent key api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, token);
  return middleware::refused(messages_.of(definition::ErrorId::kOAuthKeyNotFound));
}

Result<chain::Verdict> OAuthToken::admitted(http::Exchange& exchange, std::string_view token,
                                            const Entry& entry, bool client_exists) const {
  if (!client_exists) {
    TYKPP_LOG(warn, "auth", "Attempted access for deleted OAuth client api_id={} request_id={}",
              log::quoted(exchange.api->api_id), exchange.requestId());
    return middleware::refused(messages_.of(definition::ErrorId::kOAuthClientDeleted));
  }
  if (!admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_)) {
    return refused(exchange, token);
  }
  return chain::Verdict::kContinue;
}

Result<chain::Verdict> OAuthToken::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const Result<std::string_view> token = tokenOf(exchange);
  if (!token) return token.error();
  if (token->empty()) return refused(exchange, *token);
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const Entry entry = keyring.cached(exchange.api->org_id, *token);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  const std::string& client = entry->stored().oauth_client_id;
  const auto exists = clients_[exchange.workerIndex()]->find(client, keyring.loop().now());
  if (!exists) return chain::Verdict::kSuspend;
  return admitted(exchange, *token, entry, *exists);
}

net::Task<Result<chain::Verdict>> OAuthToken::finish(http::Exchange& exchange) const {
  const Result<std::string_view> given = tokenOf(exchange);
  const std::string_view token = *given;
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string_view org_id = exchange.api->org_id;
  const Result<Entry> entry = co_await keyring.find(org_id, token);
  if (!entry) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {} api_id={} request_id={}",
              entry.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
  }
  if (!entry || *entry == nullptr) co_return refused(exchange, token);
  const std::string client = (*entry)->stored().oauth_client_id;
  const oauth::Site site = oauth::siteOf(keyring);
  oauth::Store store(site, exchange.api->api_id, exchange.api->org_id);
  const Result<std::optional<oauth::Client>> found = co_await store.findClient(client);
  if (!found) co_return refused(exchange, token);
  clients_[exchange.workerIndex()]->put(client, found->has_value(), keyring.loop().now());
  co_return admitted(exchange, token, *entry, found->has_value());
}

}  // namespace tykpp::middleware
