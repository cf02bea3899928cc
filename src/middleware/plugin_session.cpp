#include "middleware/plugin_session.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "middleware/admission.hpp"
#include "session/key_counters.hpp"
#include "session/keyring.hpp"
#include "session/lifetime.hpp"

namespace tykpp::middleware {
namespace {

using Steps = std::vector<std::unique_ptr<chain::Step>>;

bool isScript(std::string_view driver) noexcept {
  return driver == "otto" || driver == "javascript" || driver == "goja";
}
bool isCoprocess(std::string_view driver) noexcept {
  return driver == "python" || driver == "lua" || driver == "grpc";
}

Steps stepIf(bool wanted, const chain::BuildContext& build) {
  Steps steps;
  if (wanted && build.keyrings != nullptr) steps.push_back(std::make_unique<PluginSession>(build));
  return steps;
}

/// Whether the session is the one that a step or this one made.
bool isKnown(const http::Exchange& exchange) {
  return exchange.session_entry != nullptr && exchange.session_entry->holds(exchange.session.get());
}

/// What is left of quotas is the store's to say, not the plugin's.
void takeQuota(session::SessionData& data, const session::SessionData& stored) {
  const auto take = [](session::ApiLimit& to, const session::ApiLimit& from) {
    to.quota_renews = from.quota_renews;
    to.quota_remaining = from.quota_remaining;
  };
  take(data.limit, stored.limit);
  for (auto& [api_id, right] : data.access_rights) {
    const auto found = stored.access_rights.find(api_id);
    if (found == stored.access_rights.end()) continue;
    if (right.limit.empty() || found->second.limit.empty()) continue;
    take(right.limit, found->second.limit);
  }
}

std::int64_t lifetimeOf(const session::SessionData& data, const definition::GatewayConfig& config,
                        const definition::ApiSpec& api) {
  const definition::SessionConfig& rules = config.identity.sessions;
  session::ApiLifetime own;
  if (api.auth != nullptr) {
    own = {api.auth->session_lifetime, api.auth->session_lifetime_respects_key_expiration};
  }
  return session::lifetime(data,
                           {rules.force_global_session_lifetime, rules.global_session_lifetime,
                            rules.session_lifetime_respects_key_expiration},
                           own, unixSeconds());
}

/// Policies that a session names are for the gateway to apply, or not.
session::SessionData withoutPolicies(session::SessionData data) {
  data.apply_policy_id.clear();
  data.apply_policies.clear();
  data.meta_data.erase("policies");
  return data;
}

}  // namespace

Result<Steps> PluginSession::createAfterAuth(const chain::BuildContext& build) {
  return stepIf(build.api.custom_auth && !build.api.use_keyless, build);
}
Result<Steps> PluginSession::createAfterPostAuth(const chain::BuildContext& build) {
  return stepIf(!build.api.hooks.post_auth.empty() && !build.api.use_keyless, build);
}
Result<Steps> PluginSession::createAfterPost(const chain::BuildContext& build) {
  return stepIf(!build.api.hooks.post.empty() && !build.api.use_keyless, build);
}

PluginSession::PluginSession(const chain::BuildContext& build)
    : keyrings_(*build.keyrings), events_(build.events), applies_policies_(true), forbids_(false) {
  if (!build.api.hooks.auth) return;
  applies_policies_ = !isScript(build.api.hooks.auth->driver);
  forbids_ = isCoprocess(build.api.hooks.auth->driver);
}

Result<chain::Verdict> PluginSession::become(
    http::Exchange& exchange, const std::shared_ptr<session::SessionEntry>& entry) const {
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  // Behind the limits the numbers have been counted already.
  const bool counted = exchange.session != nullptr && exchange.session_entry != nullptr;
  const http::LimitNumbers numbers = exchange.limit_numbers;
  if (admit(exchange, keyring, entry, true)) {
    if (counted) exchange.limit_numbers = numbers;
    return chain::Verdict::kContinue;
  }
  if (!forbids_) {
    return Error(Errc::kBadPlugin, Side::kPlugin, 500, "Internal Server Error")
        .withDetail("the policies of the session that the plugin made cannot be applied");
  }
  events::fireAuthFailure(events_, exchange, entry->token());
  return Error(Errc::kForbidden, Side::kClient, 403, "Forbidden");
}

Result<chain::Verdict> PluginSession::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  if (exchange.session == nullptr) {
    // The id extractor knew the client.
    const auto known = exchange.session_entry;
    if (known == nullptr) return chain::Verdict::kContinue;
    return become(exchange, known);
  }
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  if (isKnown(exchange)) return chain::Verdict::kContinue;
  const session::SessionState& made = *exchange.session;
  const auto entry = keyring.cachedByName(keyring.store().nameOf(made.token()));
  if (entry == nullptr || !entry->madeFrom(made.json(), applies_policies_))
    return chain::Verdict::kSuspend;
  return become(exchange, entry);
}

net::Task<Result<chain::Verdict>> PluginSession::finish(http::Exchange& exchange) const {
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::shared_ptr<session::SessionState> made = exchange.session;
  const std::string name = keyring.store().nameOf(made->token());
  session::SessionData data = made->data();
  // Plugins need not name a token; such a session counts for its request alone.
  if (!made->token().empty()) {
    Result<std::optional<session::StoredSession>> stored =
        co_await keyring.store().findByName(name, made->token());
    bool same = false;
    if (stored && *stored) {
      takeQuota(data, (*stored)->data);
      same = (*stored)->data == data;
    }
    if (stored && !same) {
      const std::int64_t lifetime = lifetimeOf(data, keyrings_.config(), *exchange.api);
      const Result<bool> saved =
          co_await keyring.store().save(name, data, lifetime, storage::SetIf::kAlways);
      if (!saved) stored = saved.error();
    }
    // The numbers that plugins see: another worker may have counted since.
    if (stored && *stored) {
      co_await session::fillRemaining(keyring.client(), name, data, session::Uncounted::kKept);
    }
    if (!stored) {
      TYKPP_LOG(err, "auth", "a plugin's session cannot be stored: {} api_id={} request_id={}",
                stored.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
    }
  }
  const std::size_t bytes = made->json().size();
  auto entry = std::make_shared<session::SessionEntry>(
      name, made->token(), applies_policies_ ? std::move(data) : withoutPolicies(std::move(data)),
      bytes);
  entry->setSource(made->json(), applies_policies_);
  if (!made->token().empty()) keyring.keep(entry);
  co_return become(exchange, entry);
}

}  // namespace tykpp::middleware
