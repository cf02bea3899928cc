// The upstream of a Classic definition: targets, TLS, client certificate.

#include <unistd.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/environment.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/secret_refs.hpp"
#include "definition/target_url.hpp"

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

/// Patterns that may fit a host, weakest first: a later match overrides.
std::vector<std::string> certificatePatterns(const TargetUrl& target) {
  std::vector<std::string> patterns{"*"};
  if (const std::size_t dot = target.host.find('.'); dot != std::string::npos) {
    patterns.push_back("*" + target.host.substr(dot));
  }
  patterns.push_back(target.host);
  patterns.push_back(lowered(target.host_header));
  return patterns;
}

struct CertificateChoice {
  std::string value;
  std::string pointer;  ///< empty: from the configuration
};

CertificateChoice certificateFor(const TargetUrl& target, const Json* of_api,
                                 const GatewayConfig& config) {
  CertificateChoice choice;
  const auto patterns = certificatePatterns(target);
  for (const std::string& pattern : patterns) {
    if (const auto found = config.upstream_certificates.find(pattern);
        found != config.upstream_certificates.end()) {
      choice = {found->second, ""};
    }
  }
  for (const std::string& pattern : patterns) {
    if (of_api == nullptr || textOf(*of_api, pattern).empty()) continue;
    choice = {std::string(textOf(*of_api, pattern)), pointerTo("/upstream_certificates", pattern)};
  }
  return choice;
}

void readCertificate(const Json& document, const GatewayConfig& config, ApiSpec& spec,
                     Report& report) {
  if (flagOf(document, "upstream_certificates_disabled")) return;
  const Json* of_api = filled(document, "upstream_certificates");
  bool first = true;
  const auto consider = [&](const TargetUrl& target) {
    if (!target.tls()) return;
    const CertificateChoice choice = certificateFor(target, of_api, config);
    if (!choice.value.empty() && ::access(choice.value.c_str(), R_OK) != 0) {
      const bool file_like =
          choice.value.find('/') != std::string::npos || choice.value.ends_with(".pem");
      const std::string origin = choice.pointer.empty() ? " (security.certificates.upstream)" : "";
      if (file_like) {
        report.error(choice.pointer,
                     "the client certificate " + choice.value + " cannot be read" + origin);
      } else {
        report.notBuilt(choice.pointer, "the certificate store" + origin);
      }
    }
    if (!first && choice.value != spec.tls.client_certificate) {
      report.notBuilt(choice.pointer.empty() ? "/proxy/target_list" : choice.pointer,
                      "different client certificates for the targets of one API");
    }
    spec.tls.client_certificate = choice.value;
    first = false;
  };
  if (spec.targets.empty()) consider(spec.target);
  for (const TargetUrl& target : spec.targets) {
    if (report.errors() == 0) consider(target);
  }
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
  readCertificate(document, config, spec, report);
}

}  // namespace tykpp::definition
