#include "middleware/request_signing.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "certs/certificate_set.hpp"
#include "certs/rsa_signature.hpp"
#include "definition/api_spec.hpp"
#include "middleware/http_signature.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

std::string problemOf(const definition::RequestSigning& rules) {
  constexpr std::array<std::string_view, 5> kKnown = {"hmac-sha1", "hmac-sha256", "hmac-sha384",
                                                      "hmac-sha512", kRsaSha256};
  if (rules.key_id.empty() || rules.algorithm.empty() ||
      (rules.secret.empty() && (!rules.byCertificate() || rules.certificate_id.empty())))
    return "Fields required for signing the request are missing";
  const std::vector<std::string>& allowed = rules.allowed_algorithms;
  const bool known =
      allowed.empty() ? std::find(kKnown.begin(), kKnown.end(), rules.algorithm) != kKnown.end()
                      : std::find(allowed.begin(), allowed.end(), rules.algorithm) != allowed.end();
  if (!known || (rules.byCertificate() && rules.algorithm != kRsaSha256))
    return "Request signing algorithm is not supported";
  return rules.byCertificate() && rules.certificate_id.empty() ? "CertificateID is empty" : "";
}

/// Path and query as the upstream will see them behind its own path.
std::string_view pathOf(http::Exchange& exchange, bool strip) {
  std::string_view path = exchange.request().target;
  if (!strip || !path.starts_with(exchange.listen_path_match)) return path;
  path.remove_prefix(exchange.listen_path_match.size());
  return path.starts_with('/') ? path : exchange.arena().concat("/", path);
}

void wantDate(http::Request& request) {
  if (request.headers.get(http::HeaderId::kDate).empty())
    request.headers.setCopy(http::HeaderId::kDate, httpDate());
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> RequestSigning::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (rules == nullptr || !rules->signing.enabled) return steps;
  if (rules->signing.certificateWanted() && build.keyrings == nullptr)
    return Error(Errc::kNotBuilt, "needs a store of certificates").at("/request_signing");
  steps.push_back(std::make_unique<RequestSigning>(build));
  return steps;
}

RequestSigning::RequestSigning(const chain::BuildContext& build)
    : rules_(build.api.auth->signing),
      keyrings_(build.keyrings),
      strip_listen_path_(build.api.strip_listen_path),
      problem_(problemOf(rules_)) {}

std::vector<std::string> RequestSigning::headersOf(http::Request& request) const {
  std::vector<std::string> names;
  if (rules_.header_list.empty()) {
    names.emplace_back("(request-target)");
    wantDate(request);
    for (const http::HeaderField& field : request.headers) {
      // What the upstream does not get as it is now cannot be checked there.
      const bool lost = field.id == http::HeaderId::kHost || http::isHopByHop(field.id) ||
                        equalsIgnoreCase(field.name, rules_.signature_header);
      std::string name = lowered(field.name);
      if (!lost && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
    }
    return names;
  }
  for (const std::string& name : rules_.header_list) {
    const bool host = equalsIgnoreCase(name, "host");
    if (!host && !request.headers.get(std::string_view(name)).empty()) names.push_back(name);
  }
  if (names.empty()) {
    names = {"(request-target)", "date"};
    wantDate(request);
  }
  return names;
}

Result<std::string> RequestSigning::signatureOver(const http::Exchange& exchange,
                                                  std::string_view text) const {
  if (!rules_.byCertificate()) return hmacSignature(rules_.algorithm, rules_.secret, text);
  const auto& set = keyrings_->of(exchange.workerIndex()).certificates();
  const certs::CertificatePtr certificate =
      set == nullptr ? nullptr : set->find(rules_.certificate_id);
  if (certificate == nullptr || certificate->key() == nullptr)
    return Error(Errc::kInternal, Side::kGateway, 500, "Certificate not found");
  if (!certs::isRsa(certificate->key())) {
    return Error(Errc::kInternal, Side::kGateway, 500,
                 "Certificate does not contain RSA private key");
  }
  Result<std::string> signature = rsaSignature(certificate->key(), text);
  if (!signature) {
    TYKPP_LOG(err, "auth", "a request cannot be signed: {}", signature.error().message());
    return Error(Errc::kInternal, Side::kGateway, 500, "Request cannot be signed");
  }
  return signature;
}

Result<chain::Verdict> RequestSigning::onRequest(http::Exchange& exchange) const {
  if (!problem_.empty()) return Error(Errc::kInternal, Side::kGateway, 500, problem_);
  http::Request& request = exchange.request();
  const std::vector<std::string> headers = headersOf(request);
  const std::string text = signedText(request, headers, pathOf(exchange, strip_listen_path_));
  const Result<std::string> signature = signatureOver(exchange, text);
  if (!signature) return signature.error();
  std::string listed;
  for (const std::string& name : headers) listed += (listed.empty() ? "" : " ") + name;
  const std::string value = "Signature keyId=\"" + rules_.key_id + "\",algorithm=\"" +
                            rules_.algorithm + "\",headers=\"" + listed + "\",signature=\"" +
                            *signature + "\"";
  request.headers.setCopy(std::string_view(rules_.signature_header), value);
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
