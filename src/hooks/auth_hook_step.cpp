#include "hooks/auth_hook_step.hpp"

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "hooks/impl/id_extractor.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"

namespace tykpp::hooks {
namespace {

bool inForce(const session::SessionData& session) {
  return session.id_extractor_deadline > unixSeconds();
}

}  // namespace

AuthHookStep::AuthHookStep(std::unique_ptr<HookStep> hook, std::unique_ptr<IdExtractor> extractor,
                           const chain::BuildContext& build)
    : hook_(std::move(hook)),
      extractor_(std::move(extractor)),
      keyrings_(*build.keyrings),
      org_id_(build.api.org_id) {}
AuthHookStep::~AuthHookStep() = default;

http::BodyNeed AuthHookStep::requestBody() const noexcept {
  return extractor_->readsBody() ? http::BodyNeed::kBuffer : hook_->requestBody();
}

Result<std::string> AuthHookStep::keyOf(const http::Exchange& exchange) const {
  const Result<std::string> id = extractor_->extract(exchange);
  if (!id) {
    TYKPP_LOG(info, "coprocess", "Extractor error: {} api_id={} request_id={}",
              id.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
    return Error(Errc::kForbidden, Side::kClient, 400, "Authorization field missing");
  }
  const std::string digest = md5Hex(*id);
  return session::makeToken(org_id_, digest, keyrings_.config().identity.keys.hash_key_function);
}

Result<chain::Verdict> AuthHookStep::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const Result<std::string> key = keyOf(exchange);
  if (!key) return key.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const auto entry = keyring.cachedByName(keyring.store().nameOf(*key));
  if (entry == nullptr || !inForce(entry->stored())) return chain::Verdict::kSuspend;
  exchange.session = nullptr;
  exchange.session_entry = entry;
  return chain::Verdict::kContinue;
}

net::Task<Result<chain::Verdict>> AuthHookStep::finish(http::Exchange& exchange) const {
  const Result<std::string> key = keyOf(exchange);
  if (!key) co_return key.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string name = keyring.store().nameOf(*key);
  Result<std::optional<session::StoredSession>> stored =
      co_await keyring.store().findByName(name, *key);
  // Without the store the plugin decides.
  if (stored && *stored && inForce((*stored)->data)) {
    session::StoredSession& known = **stored;
    auto entry = std::make_shared<session::SessionEntry>(
        std::move(known.key), std::move(known.token), std::move(known.data), known.bytes);
    keyring.keep(entry);
    exchange.session = nullptr;
    exchange.session_entry = std::move(entry);
    co_return chain::Verdict::kContinue;
  }
  Result<chain::Verdict> verdict = hook_->onRequest(exchange);
  if (verdict && *verdict == chain::Verdict::kSuspend) verdict = co_await hook_->finish(exchange);
  if (verdict && *verdict == chain::Verdict::kContinue && exchange.session != nullptr) {
    exchange.session = std::make_shared<session::SessionState>(exchange.session->data(), *key);
  }
  co_return verdict;
}

}  // namespace tykpp::hooks
