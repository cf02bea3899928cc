#include "middleware/hmac_auth.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "certs/rsa_signature.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "http/request_context.hpp"
#include "middleware/admission.hpp"
#include "session/keyring.hpp"
#include "session/session_entry.hpp"

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
      events_(build.events),
      certificates_(std::make_unique<KeyCertificates[]>(build.workers)) {}

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

const session::SessionData& HmacAuth::dataOf(const http::Exchange& exchange,
                                             const Entry& entry) const {
  const session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const auto& applied = entry->applied(keyring.policies(), exchange.api->org_id);
  return applied ? (*applied)->data() : entry->stored();
}

std::string_view HmacAuth::certificateId(const http::Exchange& exchange,
                                         const HttpSignature& signature, const Entry& entry) const {
  if (entry == nullptr || signature.algorithm != kRsaSha256) return {};
  const session::SessionData& data = dataOf(exchange, entry);
  if (!data.enable_http_signature_validation) return {};
  return data.rsa_certificate_id;
}

Result<bool> HmacAuth::fits(const http::Exchange& exchange, const HttpSignature& signature,
                            const Entry& entry, const certs::CertificatePtr& certificate) const {
  const session::SessionData& data = dataOf(exchange, entry);
  const http::Request& request = exchange.request();
  if (signature.algorithm.starts_with("rsa")) {
    if (certificateId(exchange, signature, entry).empty())
      return refused(exchange, "its key has no certificate, or the algorithm is another");
    if (certificate == nullptr)
      return Error(Errc::kInternal, Side::kGateway, 500, "Certificate not found");
    if (!certs::isRsa(certificate->publicKey())) {
      return Error(Errc::kInternal, Side::kGateway, 500,
                   "Certificate doesn't contain RSA Public key");
    }
    const std::string text = signedText(request, signature.headers, request.path);
    return rsaFits(certificate->publicKey(), text, signature.signature);
  }
  if (data.hmac_string.empty() || (!data.hmac_enabled && !data.enable_http_signature_validation))
    return refused(exchange, "its key has no secret");
  const std::string text = signedText(request, signature.headers, request.path);
  const std::string wanted = hmacSignature(signature.algorithm, data.hmac_string, text);
  return !wanted.empty() && equalsConstantTime(wanted, upperEscapes(signature.signature));
}

Result<chain::Verdict> HmacAuth::judged(http::Exchange& exchange, const HttpSignature& signature,
                                        const Entry& entry,
                                        const certs::CertificatePtr& certificate) const {
  if (entry == nullptr) return refused(exchange, "nobody knows its key");
  const Result<bool> good = fits(exchange, signature, entry, certificate);
  if (!good) return good.error();
  if (!*good) return refused(exchange, "it is another one");
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
  const std::uint32_t worker = exchange.workerIndex();
  session::Keyring& keyring = keyrings_.of(worker);
  const Entry entry = keyring.cached(exchange.api->org_id, signature->key_id);
  if (entry == nullptr) return chain::Verdict::kSuspend;
  certs::CertificatePtr certificate;
  if (const std::string_view id = certificateId(exchange, *signature, entry); !id.empty()) {
    certificate = certificates_[worker].cached(keyring, id);
    if (certificate == nullptr) return chain::Verdict::kSuspend;
  }
  return judged(exchange, *signature, entry, certificate);
}

net::Task<Result<chain::Verdict>> HmacAuth::finish(http::Exchange& exchange) const {
  const Result<HttpSignature> signature = signatureOf(exchange);
  if (!signature) co_return signature.error();
  const std::uint32_t worker = exchange.workerIndex();
  session::Keyring& keyring = keyrings_.of(worker);
  const std::string_view org_id = exchange.api->org_id;
  Result<Entry> found = co_await keyring.find(org_id, signature->key_id);
  if (!found) {
    TYKPP_LOG(err, "auth", "the store of keys does not answer: {}", found.error().message());
    co_return judged(exchange, *signature, nullptr, nullptr);
  }
  certs::CertificatePtr certificate;
  if (std::string id(certificateId(exchange, *signature, *found)); !id.empty()) {
    Result<certs::CertificatePtr> known =
        co_await certificates_[worker].find(keyring, std::move(id));
    if (known) {
      certificate = std::move(*known);
    } else {
      TYKPP_LOG(err, "auth", "the certificate store does not answer: {}", known.error().message());
    }
  }
  co_return judged(exchange, *signature, *found, certificate);
}

}  // namespace tykpp::middleware
