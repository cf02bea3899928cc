#include "gateway/certificate_monitor.hpp"

#include <chrono>

#include "base/log.hpp"
#include "definition/listener_rules.hpp"
#include "definition/upstream_trust.hpp"
#include "events/fire.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::int64_t kDay = 86400;
/// So many names are remembered; after that all is looked at, and maybe told, anew.
constexpr std::size_t kMostRemembered = 10'000;

constexpr const char* kServer = "server";
constexpr const char* kClient = "client";
constexpr const char* kUpstream = "upstream";

bool hearsOfCertificates(const events::Emitter* emitter) {
  return events::wanted(emitter, events::EventType::kCertificateExpiringSoon) ||
         events::wanted(emitter, events::EventType::kCertificateExpired);
}

std::string messageOf(const events::CertificateDetails& details, bool expired) {
  const std::string days = std::to_string(details.days) + (details.days == 1 ? " day" : " days");
  return "Certificate " + details.name + (expired ? " expired " : " expires in ") + days +
         (expired ? " ago" : "");
}

}  // namespace

std::vector<CertificateMonitor::Use> CertificateMonitor::usesOf(const Specs& specs) const {
  std::vector<Use> uses;
  const definition::TlsConfig& tls = config_.identity.tls;
  for (const std::string& name : tls.ssl_certificates) uses.push_back({name, kServer, ""});
  for (const definition::CertificateFiles& files : tls.certificates)
    uses.push_back({nameOf(files), kServer, ""});
  for (const auto& spec : specs) {
    const auto add = [&](const std::string& name, const char* role) {
      if (!name.empty()) uses.push_back({name, role, spec->api_id});
    };
    if (spec->listener != nullptr) {
      for (const std::string& name : spec->listener->certificates) add(name, kServer);
      for (const std::string& name : spec->listener->client_certificates) add(name, kClient);
    }
    if (spec->trust == nullptr) continue;
    for (const auto& [pattern, name] : spec->trust->gateway_certificates) add(name, kUpstream);
    for (const auto& [pattern, name] : spec->trust->certificates) add(name, kUpstream);
  }
  return uses;
}

bool CertificateMonitor::heard(const std::string& api_id) const {
  return hearsOfCertificates(emitter_of_("")) ||
         (!api_id.empty() && hearsOfCertificates(emitter_of_(api_id)));
}

void CertificateMonitor::look(const certs::CertificateSet& set, const Specs& specs,
                              std::int64_t now) {
  const definition::CertificateMonitorConfig& rules = config_.identity.certificate_monitor;
  const std::int64_t soon =
      std::chrono::duration_cast<std::chrono::seconds>(rules.warning_threshold).count();
  if (looked_.size() > kMostRemembered) looked_.clear();
  for (Use& use : usesOf(specs)) {
    if (!heard(use.api_id)) continue;
    certs::CertificatePtr certificate = set.find(use.name);
    if (certificate == nullptr || certificate->publicKeyOnly()) continue;
    std::int64_t& next = looked_[{use.name, use.api_id}];
    if (now < next) continue;
    next = now + rules.check_cooldown.count();
    if (certificate->notAfter() - now <= soon) tell(std::move(use), std::move(certificate), now);
  }
}

net::Detached CertificateMonitor::tell(Use use, certs::CertificatePtr certificate,
                                       std::int64_t now) {
  const std::int64_t left = certificate->notAfter() - now;
  const bool expired = left <= 0;
  const std::chrono::seconds cooldown = config_.identity.certificate_monitor.event_cooldown;
  const std::string key = std::string("certificate-event-") + (expired ? "expired-" : "soon-") +
                          certificate->fingerprint() + "-" + use.role + "-" + use.api_id;
  // Here too: the store may not answer.
  if (told_.size() > kMostRemembered) told_.clear();
  if (now < told_[key]) co_return;
  told_[key] = now + cooldown.count();
  if (client_ != nullptr) {
    const Result<bool> first = co_await client_->set(key, "1", cooldown, storage::SetIf::kAbsent);
    if (first && !*first) co_return;
    if (!first) {
      TYKPP_LOG(warn, "main",
                "the store does not say whether the end of a certificate was told: {}",
                first.error().message());
    }
  }
  events::CertificateDetails details;
  details.id = certificate->fingerprint();
  details.name = certificate->commonName();
  details.end = std::chrono::system_clock::from_time_t(certificate->notAfter());
  details.days = static_cast<int>((expired ? -left : left) / kDay);
  details.role = use.role;
  details.api_id = use.api_id;
  const std::string message = messageOf(details, expired);
  const auto state =
      expired ? events::CertificateState::kExpired : events::CertificateState::kExpiringSoon;
  if (!use.api_id.empty())
    events::fireCertificate(emitter_of_(use.api_id), state, message, details);
  events::fireCertificate(emitter_of_(""), state, message, details);
}

}  // namespace tykpp::gateway
