// Which member each built key of TLS, certificates and ports fills.

#include "definition/impl/config_setters.hpp"
#include "definition/impl/json_text.hpp"

namespace tykpp::definition::setters {
namespace {

/// @return what is wrong with it, or nothing
std::string readFiles(const Json& value, CertificateFiles& out) {
  if (!value.is_object()) return "has to be a list of objects";
  out = {std::string(textOf(value, "domain_name")), std::string(textOf(value, "cert_file")),
         std::string(textOf(value, "key_file"))};
  if (out.cert_file.empty() || out.key_file.empty()) return "wants cert_file and key_file";
  return {};
}
std::string setCertificateFiles(std::vector<CertificateFiles>& out, const Json& value) {
  out.clear();
  for (const Json& element : value) {
    CertificateFiles files;
    if (std::string wrong = readFiles(element, files); !wrong.empty()) return wrong;
    out.push_back(std::move(files));
  }
  return {};
}

std::string setDays(std::chrono::hours& out, const Json& value) {
  constexpr std::int64_t kMostDays = 36'500;
  const auto given = value.get<std::int64_t>();
  if (given > kMostDays) return "has to be at most " + std::to_string(kMostDays);
  if (given > 0) out = std::chrono::hours(given * 24);  // nought and less: the default
  return {};
}

bool isPort(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() > 0 &&
         value.get<std::int64_t>() <= 65535;
}
std::string readAllowed(const Json& value, AllowedPorts& out) {
  if (!value.is_object()) return "has to name ports and ranges for each protocol";
  if (const Json* ports = member(value, "ports"); ports != nullptr && ports->is_array()) {
    for (const Json& port : *ports) {
      if (!isPort(port)) return "ports have to be 1 to 65535";
      out.ports.push_back(port.get<int>());
    }
  }
  if (const Json* ranges = member(value, "ranges"); ranges != nullptr && ranges->is_array()) {
    for (const Json& range : *ranges) {
      const Json* from = member(range, "from");
      const Json* to = member(range, "to");
      if (from == nullptr || to == nullptr || !isPort(*from) || !isPort(*to))
        return "ranges need from and to, 1 to 65535";
      out.ranges.emplace_back(from->get<int>(), to->get<int>());
    }
  }
  return {};
}
std::string setAllowedPorts(std::map<std::string, AllowedPorts>& out, const Json& value) {
  out.clear();
  for (const auto& [protocol, ports] : value.items()) {
    if (std::string wrong = readAllowed(ports, out[lowered(protocol)]); !wrong.empty())
      return wrong;
  }
  return {};
}

// clang-format off
constexpr Binding kTlsBindings[] = {
    TYKPP_BIND("ports_whitelist", setAllowedPorts, ports.ports_whitelist),
    TYKPP_BIND("disable_ports_whitelist", setFlag, ports.disable_ports_whitelist),
    TYKPP_BIND("http_server_options.certificates", setCertificateFiles, identity.tls.certificates),
    TYKPP_BIND("http_server_options.ssl_certificates", setList, identity.tls.ssl_certificates),
    TYKPP_BIND("http_server_options.min_version", setTlsVersion, identity.tls.min_version),
    TYKPP_BIND("http_server_options.max_version", setTlsVersion, identity.tls.max_version),
    TYKPP_BIND("http_server_options.ssl_ciphers", setList, identity.tls.ssl_ciphers),
    TYKPP_BIND("http_server_options.skip_client_ca_announcement", setFlag, identity.tls.skip_client_ca_announcement),
    TYKPP_BIND("security.private_certificate_encoding_secret", setText, identity.tls.private_certificate_encoding_secret),
    TYKPP_BIND("security.control_api_use_mutual_tls", setFlag, identity.tls.control_api_use_mutual_tls),
    TYKPP_BIND("security.allow_unsafe_dynamic_mtls_token", setFlag, identity.tls.allow_unsafe_dynamic_mtls_token),
    TYKPP_BIND("security.pinned_public_keys", setMap, identity.tls.pinned_public_keys),
    TYKPP_BIND("security.certificate_expiry_monitor.warning_threshold_days", setDays, identity.certificate_monitor.warning_threshold),
    TYKPP_BIND("security.certificate_expiry_monitor.check_cooldown_seconds", setSeconds, identity.certificate_monitor.check_cooldown),
    TYKPP_BIND("security.certificate_expiry_monitor.event_cooldown_seconds", setSeconds, identity.certificate_monitor.event_cooldown),
    TYKPP_BIND("security.certificates.apis", setList, identity.tls.client_certificates),
    TYKPP_BIND("security.certificates.control_api", setList, identity.tls.control_api_certificates),
};
// clang-format on

}  // namespace

std::span<const Binding> tlsBindings() { return kTlsBindings; }

}  // namespace tykpp::definition::setters
