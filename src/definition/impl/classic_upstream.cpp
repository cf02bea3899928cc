// The upstream of a Classic definition: targets, TLS, client certificate.

#include <unistd.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/environment.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/secret_refs.hpp"
#include "definition/target_url.hpp"
#include "definition/upstream_trust.hpp"

namespace tykpp::definition {
namespace {

constexpr std::int64_t kMaxTargets = 100'000;

/// Whether this release can talk to it; the address itself is valid.
void checkScheme(const TargetUrl& target, const std::string& pointer, Report& report) {
  if (target.scheme == "tyk")
    report.notBuilt(pointer, "calling another API of the gateway (tyk://)");
  if (target.scheme == "h2c") report.notBuilt(pointer, "HTTP/2 to upstreams (h2c://)");
}

void readTargets(const Json& document, const Json& proxy, const GatewayConfig& config,
                 ApiSpec& spec, Report& report) {
  const Json* list = filled(proxy, "target_list");
  const bool balanced = flagOf(proxy, "enable_load_balancing") && list != nullptr;
  const std::string_view given = textOf(proxy, "target_url");
  if (!given.empty() || !balanced) {
    const std::string pointer = "/proxy/target_url";
    auto resolved = resolveSecret(given, config.secrets, Environment::process());
    auto target = resolved ? parseTargetUrl(*resolved) : Result<TargetUrl>(resolved.error());
    if (!target) {
      report.error(pointer, target.error().message());
    } else {
      checkScheme(*target, pointer, report);
      spec.target = std::move(*target);
    }
  }
  if (!balanced) return;
  if (list->size() > kMaxTargets) {
    report.error("/proxy/target_list", "has more than " + std::to_string(kMaxTargets) + " entries");
    return;
  }
  std::size_t index = 0;
  for (const Json& entry : *list) {
    const std::string pointer = pointerTo("/proxy/target_list", index++);
    if (!entry.is_string()) continue;
    auto target =
        parseListTarget(*entry.get_ptr<const std::string*>(), textOf(document, "protocol"));
    if (!target) {
      report.error(pointer, target.error().message());
      continue;
    }
    checkScheme(*target, pointer, report);
    spec.targets.push_back(std::move(*target));
  }
  if (spec.target.text.empty() && !spec.targets.empty()) spec.target = spec.targets.front();
}

int tlsVersion(const Json& transport, const char* field, int otherwise, Report& report) {
  const Json* value = member(transport, field);
  if (value == nullptr || !value->is_number_integer()) return otherwise;
  const auto given = value->get<std::int64_t>();
  if (given == 0) return otherwise;
  if (given < 769 || given > 772) {
    report.error(std::string("/proxy/transport/") + field,
                 "has to be 769, 770, 771 or 772 (TLS 1.0 to 1.3), or 0");
    return otherwise;
  }
  return static_cast<int>(given);
}

void readTransport(const Json& proxy, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  UpstreamTls& tls = spec.tls;
  tls.insecure_skip_verify = config.proxy_ssl_insecure_skip_verify;
  tls.min_version = config.proxy_ssl_min_version;
  tls.max_version = config.proxy_ssl_max_version;
  tls.ciphers = config.proxy_ssl_ciphers;
  tls.force_common_name_check = config.ssl_force_common_name_check;
  const Json* transport = member(proxy, "transport");
  if (transport == nullptr || !transport->is_object()) return;
  tls.insecure_skip_verify =
      tls.insecure_skip_verify || flagOf(*transport, "ssl_insecure_skip_verify");
  tls.force_common_name_check =
      tls.force_common_name_check || flagOf(*transport, "ssl_force_common_name_check");
  tls.min_version = tlsVersion(*transport, "ssl_min_version", tls.min_version, report);
  // The reference applies TLS 1.2 for every maximum that an API gives.
  if (tlsVersion(*transport, "ssl_max_version", 0, report) != 0) tls.max_version = 771;
  if (tls.max_version != 0 && tls.min_version > tls.max_version) tls.max_version = tls.min_version;
  if (const Json* ciphers = filled(*transport, "ssl_ciphers"); ciphers != nullptr) {
    tls.ciphers.clear();
    for (const Json& cipher : *ciphers) {
      if (cipher.is_string()) tls.ciphers.push_back(cipher.get<std::string>());
    }
  }
  if (const std::string_view url = textOf(*transport, "proxy_url"); !url.empty()) {
    const auto parsed = parseTargetUrl(url);
    if (!parsed || (parsed->scheme != "http" && parsed->scheme != "https")) {
      report.error("/proxy/transport/proxy_url",
                   "is not the address of an HTTP proxy: " +
                       (parsed ? "the scheme has to be http or https" : parsed.error().message()));
    } else {
      spec.proxy_url = url;
    }
  }
}

/// Host names count in any case.
UpstreamTrust::ByHost byHost(const std::map<std::string, std::string>& given) {
  UpstreamTrust::ByHost entries;
  for (const auto& [pattern, name] : given) entries[lowered(pattern)] = name;
  return entries;
}
UpstreamTrust::ByHost byHost(const Json& document, const char* field, const char* disabled) {
  UpstreamTrust::ByHost entries;
  const Json* given = flagOf(document, disabled) ? nullptr : filled(document, field);
  if (given == nullptr || !given->is_object()) return entries;
  for (const auto& [pattern, name] : given->items()) {
    if (name.is_string()) entries[lowered(pattern)] = name.get<std::string>();
  }
  return entries;
}

/// Where a definition names a file; empty: the configuration does.
std::string placeOfFile(const UpstreamTrust& trust, const std::string& name) {
  for (const auto& [pattern, given] : trust.certificates) {
    if (given == name) return pointerTo("/upstream_certificates", pattern);
  }
  for (const auto& [pattern, given] : trust.pins) {
    if (given.find(name) != std::string::npos) return pointerTo("/pinned_public_keys", pattern);
  }
  return {};
}

/// A file that a target wants has to be there; ids are asked for in the certificate store.
void checkFile(const std::string& name, const UpstreamTrust& trust, Report& report) {
  const bool file = name.find('/') != std::string::npos || name.ends_with(".pem");
  if (!file || ::access(name.c_str(), R_OK) == 0) return;
  const std::string place = placeOfFile(trust, name);
  report.error(place, name + " cannot be read" +
                          (place.empty() ? " (security.certificates.upstream or "
                                           "security.pinned_public_keys)"
                                         : ""));
}

void readTrust(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  auto trust = std::make_shared<UpstreamTrust>();
  // The switches are about the definition's own entries alone, as in the reference.
  trust->gateway_certificates = byHost(config.upstream_certificates);
  trust->gateway_pins = byHost(config.identity.tls.pinned_public_keys);
  trust->certificates = byHost(document, "upstream_certificates", "upstream_certificates_disabled");
  trust->pins = byHost(document, "pinned_public_keys", "certificate_pinning_disabled");
  if (trust->empty()) return;
  const auto check = [&](const TargetUrl& target) {
    if (!target.tls()) return;
    const UpstreamTls tls = tlsFor({}, trust.get(), target.host, target.port);
    if (!tls.client_certificate.empty()) checkFile(tls.client_certificate, *trust, report);
    for (const std::string& name : tls.pinned_keys) checkFile(name, *trust, report);
  };
  if (spec.targets.empty()) check(spec.target);
  for (const TargetUrl& target : spec.targets) {
    if (report.errors() == 0) check(target);
  }
  spec.trust = std::move(trust);
}

}  // namespace

void readUpstream(const Json& document, const GatewayConfig& config, ApiSpec& spec,
                  Report& report) {
  static const Json kEmpty = Json::object();
  const Json* found = member(document, "proxy");
  const Json& proxy = found != nullptr && found->is_object() ? *found : kEmpty;
  spec.preserve_host_header = flagOf(proxy, "preserve_host_header");
  spec.disable_strip_slash = flagOf(proxy, "disable_strip_slash");
  readTargets(document, proxy, config, spec, report);
  readTransport(proxy, config, spec, report);
  readTrust(document, config, spec, report);
}

}  // namespace tykpp::definition
