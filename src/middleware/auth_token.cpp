#include "middleware/auth_token.hpp"

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "events/fire.hpp"
#include "events/request_facts.hpp"
#include "middleware/admission.hpp"
#include "middleware/token_signature.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

Error missing() {
  return Error(Errc::kForbidden, Side::kClient, 401, "Authorization field missing");
}

/// `Bearer` in any case and one space.
std::string_view withoutBearer(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() >= kScheme.size() &&
      equalsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) {
    value.remove_prefix(kScheme.size());
  }
  return value;
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
    : source_(build.api.auth->token.source),
      header_(http::internHeader(source_.header)),
      header_only_(source_.param.empty() && source_.cookie.empty() && !source_.header.empty()),
      becomes_identity_(givesIdentity(build.api, definition::identity::kToken)),
      keyrings_(*build.keyrings),
      events_(build.events),
      signature_(TokenSignatureCheck::of(build.api.auth->token)) {}

std::string_view AuthToken::tokenOf(const http::Exchange& exchange) const {
  const std::string_view value = header_only_
                                     ? exchange.request().headers.get({header_, source_.header})
                                     : events::credentialOf(exchange, source_);
  return withoutBearer(value);
}

Result<chain::Verdict> AuthToken::admitted(
    http::Exchange& exchange, std::string_view token,
    const std::shared_ptr<session::SessionEntry>& entry) const {
  if (entry != nullptr &&
      admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_)) {
    if (signature_ == nullptr) [[likely]]
      return chain::Verdict::kContinue;
    return signature_->judged(exchange, entry->token());
  }
  TYKPP_LOG(info, "auth", "Attempted access with invalid key api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, token);
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
}

Result<chain::Verdict> AuthToken::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const std::string_view token = tokenOf(exchange);
  if (token.empty()) return missing();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const auto entry = keyring.cached(exchange.api->org_id, token);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  return admitted(exchange, token, entry);
}

net::Task<Result<chain::Verdict>> AuthToken::finish(http::Exchange& exchange) const {
  const std::string_view token = tokenOf(exchange);
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
