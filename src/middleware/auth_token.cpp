#include "middleware/auth_token.hpp"

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/listener_rules.hpp"
#include "events/fire.hpp"
#include "events/request_facts.hpp"
#include "http/request_context.hpp"
#include "middleware/admission.hpp"
#include "middleware/credential.hpp"
#include "middleware/refusal.hpp"
#include "middleware/token_signature.hpp"
#include "net/peer_certificates.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {

using definition::ErrorId;

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
      use_certificate_(build.api.auth->token.use_certificate),
      certificate_optional_(build.config.identity.tls.allow_unsafe_dynamic_mtls_token),
      bound_to_certificates_(build.api.listener != nullptr &&
                             build.api.listener->use_mutual_tls_auth),
      certificate_key_(build.api.org_id, build.config.identity.keys.hash_key_function),
      keyrings_(*build.keyrings),
      events_(build.events),
      messages_(definition::errorMessages(&build.config)),
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
  if (entry != nullptr && bound_to_certificates_ &&
      !fitsBindings(exchange, *entry, exchange.api->org_id)) {
    return rejected(exchange, token, ErrorId::kAuthCertMismatch);
  }
  if (entry != nullptr &&
      admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_)) {
    http::noteToken(exchange, entry->token());
    if (signature_ == nullptr) [[likely]]
      return chain::Verdict::kContinue;
    return signature_->judged(exchange, entry->token());
  }
  return rejected(exchange, token,
                  entry == nullptr ? ErrorId::kAuthKeyNotFound : ErrorId::kAuthKeyInvalid);
}

Error AuthToken::rejected(http::Exchange& exchange, std::string_view token, ErrorId id) const {
  TYKPP_LOG(info, "auth", "Attempted access with invalid key api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, token);
  return refused(messages_.of(id));
}

Result<bool> AuthToken::byCertificate(const http::Exchange& exchange) const {
  const net::PeerCertificates* peer = exchange.peer_certificates;
  if (peer == nullptr) {
    if (certificate_optional_) return false;
    return refused(messages_.of(ErrorId::kAuthCertRequired));
  }
  if (peer->not_after < unixSeconds()) return refused(messages_.of(ErrorId::kAuthCertExpired));
  return !certificate_optional_ || tokenOf(exchange).empty();
}

Result<chain::Verdict> AuthToken::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  if (use_certificate_ && exchange.peer.tls) {
    const Result<bool> shown = byCertificate(exchange);
    if (!shown) return shown.error();
    if (*shown) {
      const auto known = certificate_key_.cached(keyring, exchange);
      if (known == nullptr) return chain::Verdict::kSuspend;
      return admitted(exchange, exchange.peer_certificates->sha256, known);
    }
  }
  const std::string_view token = tokenOf(exchange);
  if (token.empty()) return refused(messages_.of(ErrorId::kAuthFieldMissing));
  const auto entry = keyring.cached(exchange.api->org_id, token);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  return admitted(exchange, token, entry);
}

net::Task<Result<chain::Verdict>> AuthToken::finish(http::Exchange& exchange) const {
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string_view org_id = exchange.api->org_id;
  bool certificate = false;
  if (use_certificate_ && exchange.peer.tls) {
    const Result<bool> shown = byCertificate(exchange);
    certificate = shown && *shown;
  }
  const std::string_view token =
      certificate ? std::string_view(exchange.peer_certificates->sha256) : tokenOf(exchange);
  Result<std::shared_ptr<session::SessionEntry>> found = std::shared_ptr<session::SessionEntry>{};
  if (certificate) {
    found = co_await certificate_key_.find(keyring, exchange);
    // Nobody has a key with this certificate.
    if (found && *found == nullptr) co_return rejected(exchange, token, ErrorId::kAuthCertMismatch);
  } else {
    found = co_await keyring.find(org_id, token);
  }
  if (!found && found.error().code() == Errc::kForbidden && found.error().status() == 403) {
    co_return rejected(exchange, token, ErrorId::kAuthCertNotFound);
  }
  if (!found) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {} api_id={} request_id={}",
              found.error().message(), log::quoted(exchange.api->api_id), exchange.requestId());
    co_return admitted(exchange, token, nullptr);
  }
  co_return admitted(exchange, token, *found);
}

}  // namespace tykpp::middleware
