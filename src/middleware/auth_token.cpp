#include "middleware/auth_token.hpp"

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "middleware/admission.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

Error missing() {
  return Error(Errc::kForbidden, Side::kClient, 401, "Authorization field missing");
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> AuthToken::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->token.enabled) return steps;
  if (build.keyrings == nullptr) {
    return Error(Errc::kNotBuilt, "needs a store of keys").at("/use_standard_auth");
  }
  steps.push_back(std::make_unique<AuthToken>(build));
  return steps;
}

AuthToken::AuthToken(const chain::BuildContext& build)
    : credential_(build.api.auth->token.source),
      becomes_identity_(givesIdentity(build.api, definition::identity::kToken)),
      keyrings_(*build.keyrings),
      events_(build.events) {
  const definition::TokenSignature& signature = build.api.auth->token.signature;
  if (signature.enabled) signature_.emplace(signature);
}

Result<chain::Verdict> AuthToken::admitted(
    http::Exchange& exchange, std::string_view token,
    const std::shared_ptr<session::SessionEntry>& entry) const {
  if (entry != nullptr &&
      admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_)) {
    if (!signature_) [[likely]]
      return chain::Verdict::kContinue;
    const Result<void> signed_well =
        signature_->check(exchange, exchange.api->org_id, entry->token());
    if (!signed_well) return signed_well.error();
    return chain::Verdict::kContinue;
  }
  TYKPP_LOG(info, "auth", "Attempted access with invalid key api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, token);
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
}

Result<chain::Verdict> AuthToken::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const std::string_view token = withoutBearer(credential_.of(exchange));
  if (token.empty()) return missing();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const auto entry = keyring.cached(exchange.api->org_id, token);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  return admitted(exchange, token, entry);
}

net::Task<Result<chain::Verdict>> AuthToken::finish(http::Exchange& exchange) const {
  const std::string_view token = withoutBearer(credential_.of(exchange));
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string_view org_id = exchange.api->org_id;
  Result<std::shared_ptr<session::SessionEntry>> found = co_await keyring.find(org_id, token);
  if (!found) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {} api_id={} request_id={}",
              found.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
    co_return admitted(exchange, token, nullptr);
  }
  co_return admitted(exchange, token, *found);
}

}  // namespace tykpp::middleware
