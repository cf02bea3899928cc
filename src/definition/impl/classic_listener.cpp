// The listener of a Classic definition: port, protocol, server certificates, client certificates.

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/ascii.hpp"
#include "definition/auth_rules.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/listener_rules.hpp"

namespace tykpp::definition {
namespace {

std::vector<std::string> texts(const Json& document, const char* name) {
  std::vector<std::string> list;
  const Json* values = filled(document, name);
  if (values == nullptr || !values->is_array()) return list;
  for (const Json& value : *values) {
    if (value.is_string() && !value.get_ref<const std::string&>().empty())
      list.push_back(value.get<std::string>());
  }
  return list;
}

/// Whether an API may open a port. The gateway's own are always allowed.
bool allowed(const GatewayConfig& config, const std::string& protocol, int port) {
  const PortsConfig& ports = config.ports;
  if (ports.disable_ports_whitelist || port == config.listen_port ||
      (config.control_api_port != 0 && port == config.control_api_port)) {
    return true;
  }
  const auto found = ports.ports_whitelist.find(protocol);
  if (found == ports.ports_whitelist.end()) return false;
  const AllowedPorts& list = found->second;
  return std::find(list.ports.begin(), list.ports.end(), port) != list.ports.end() ||
         std::any_of(list.ranges.begin(), list.ranges.end(), [port](const auto& range) {
           return range.first <= port && port <= range.second;
         });
}

/// Port and protocol have to go together.
void readPort(const Json& document, const GatewayConfig& config, const ApiSpec& spec,
              ListenerRules& rules, Report& report) {
  const std::string gateways = config.http_server_options.use_ssl ? "https" : "http";
  rules.protocol = lowered(textOf(document, "protocol"));
  if (rules.protocol.empty()) rules.protocol = gateways;
  if (rules.protocol != "http" && rules.protocol != "https") {
    report.notBuilt("/protocol", "the protocol " + rules.protocol);
    return;
  }
  const Json* port = member(document, "listen_port");
  if (port != nullptr && port->is_number_integer()) {
    const auto number = port->get<std::int64_t>();
    if (number < 0 || number > 65535) {
      report.error("/listen_port", "has to be 0 to 65535");
      return;
    }
  }
  const std::uint16_t wanted = spec.listen_port;
  const bool own = wanted != 0 && wanted != config.listen_port &&
                   (config.control_api_port == 0 || wanted != config.control_api_port);
  if (!own && rules.protocol != gateways) {
    report.error("/protocol", "the gateway's listener speaks " + gateways +
                                  "; another protocol needs a listen_port of its own");
  } else if (!allowed(config, rules.protocol, wanted == 0 ? config.listen_port : wanted)) {
    report.error("/listen_port", rules.protocol + ":" + std::to_string(wanted) +
                                     " trying to open disabled port (ports_whitelist)");
  }
}

}  // namespace

void readListener(const Json& document, const GatewayConfig& config, ApiSpec& spec,
                  Report& report) {
  auto rules = std::make_shared<ListenerRules>();
  readPort(document, config, spec, *rules, report);
  if (!spec.domain_disabled) rules->tls_domain = lowered(spec.domain);
  rules->certificates = texts(document, "certificates");
  rules->use_mutual_tls_auth = flagOf(document, "use_mutual_tls_auth");
  if (rules->use_mutual_tls_auth) {
    rules->client_certificates = texts(document, "client_certificates");
    const auto& common = config.identity.tls.client_certificates;
    rules->client_certificates.insert(rules->client_certificates.end(), common.begin(),
                                      common.end());
  }
  rules->token_certificates = spec.auth != nullptr && spec.auth->token.use_certificate;
  spec.listener = std::move(rules);
}

}  // namespace tykpp::definition
