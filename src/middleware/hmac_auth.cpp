#include "middleware/hmac_auth.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "http/request_context.hpp"
#include "middleware/admission.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {

Result<std::vector<std::unique_ptr<chain::Step>>> HmacAuth::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->hmac.enabled) return steps;
  if (build.keyrings == nullptr)
    return Error(Errc::kNotBuilt, "needs a store of keys").at("/enable_signature_checking");
  steps.push_back(std::make_unique<HmacAuth>(build));
  return steps;
}

HmacAuth::HmacAuth(const chain::BuildContext& build)
    : auth_(build.api.auth),
      credential_(auth_->hmac.source),
      becomes_identity_(givesIdentity(build.api, definition::identity::kHmac)),
      keyrings_(*build.keyrings),
      events_(build.events) {}

Error HmacAuth::refused(const http::Exchange& exchange, const char* why) const {
  TYKPP_LOG(info, "auth", "a signature is refused: {} api_id={} request_id={}", why,
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, credential_.of(exchange));
  return Error(Errc::kForbidden, Side::kClient, 400,
               "Authorization field missing, malformed or invalid");
}

Result<HttpSignature> HmacAuth::signatureOf(const http::Exchange& exchange) const {
  const std::string_view value = credential_.of(exchange);
  std::optional<HttpSignature> signature;
  if (!value.empty()) signature = parseSignature(value);
  if (!signature) return refused(exchange, "there is none, or it cannot be read");
  const std::vector<std::string>& allowed = auth_->hmac.allowed_algorithms;
  if (!allowed.empty() &&
      std::find(allowed.begin(), allowed.end(), signature->algorithm) == allowed.end())
    return refused(exchange, "its algorithm is not allowed");
  return std::move(*signature);
}

bool HmacAuth::inTime(const http::Exchange& exchange) const {
  const std::optional<std::int64_t> date = parseHttpDate(dateOf(exchange.request()));
  if (!date) return false;
  const double skew = auth_->hmac.allowed_clock_skew;
  if (skew <= 0) return true;
  const std::chrono::duration<double, std::milli> now =
      std::chrono::system_clock::now().time_since_epoch();
  return std::abs(now.count() - static_cast<double>(*date) * 1000) <= skew;
}

Result<chain::Verdict> HmacAuth::judged(http::Exchange& exchange, const HttpSignature& signature,
                                        const Entry& entry) const {
  if (entry == nullptr) return refused(exchange, "nobody knows its key");
  const session::SessionData& data = entry->stored();
  if (signature.algorithm.starts_with("rsa")) {
    if (data.rsa_certificate_id.empty() || !data.enable_http_signature_validation)
      return refused(exchange, "its key has no certificate");
    TYKPP_LOG(err, "auth", "certificates of keys are not built yet");
    return Error(Errc::kInternal, Side::kGateway, 500, "Certificate not found");
  }
  if (data.hmac_string.empty() || (!data.hmac_enabled && !data.enable_http_signature_validation))
    return refused(exchange, "its key has no secret");
  const http::Request& request = exchange.request();
  const std::string text = signedText(request, signature.headers, request.path);
  const std::string wanted = hmacSignature(signature.algorithm, data.hmac_string, text);
  if (wanted.empty() || !equalsConstantTime(wanted, upperEscapes(signature.signature)))
    return refused(exchange, "it is another one");
  if (!inTime(exchange)) return refused(exchange, "its date");
  if (!admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_))
    return refused(exchange, "policies");
  http::noteToken(exchange, entry->token());
  return chain::Verdict::kContinue;
}

Result<chain::Verdict> HmacAuth::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const Result<HttpSignature> signature = signatureOf(exchange);
  if (!signature) return signature.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const Entry entry = keyring.cached(exchange.api->org_id, signature->key_id);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  return judged(exchange, *signature, entry);
}

net::Task<Result<chain::Verdict>> HmacAuth::finish(http::Exchange& exchange) const {
  const Result<HttpSignature> signature = signatureOf(exchange);
  if (!signature) co_return signature.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string_view org_id = exchange.api->org_id;
  Result<Entry> found = co_await keyring.find(org_id, signature->key_id);
  if (!found) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {}", found.error().message());
    co_return judged(exchange, *signature, nullptr);
  }
  co_return judged(exchange, *signature, *found);
}

}  // namespace tykpp::middleware
