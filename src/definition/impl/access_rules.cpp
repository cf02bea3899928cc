// Address lists and CORS of a Classic definition.

#include "base/ip_network.hpp"
#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {
namespace {

/// The list, where it counts: its own switch is one way to make it, the other is to leave address
/// control on.
std::vector<std::string> addressList(const Json& document, const char* key, const char* own_switch,
                                     Report& report) {
  std::vector<std::string> entries;
  if (flagOf(document, "ip_access_control_disabled") && !flagOf(document, own_switch))
    return entries;
  entries = textsOf(document, key);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (IpNetwork::parse(entries[i])) continue;
    report.warn("/" + std::string(key) + "/" + std::to_string(i),
                "is no address and no network such as 10.0.0.0/8; it matches nobody");
  }
  return entries;
}

}  // namespace

void readAccessRules(const Json& document, ApiSpec& spec, Report& report) {
  spec.ip_access.allowed = addressList(document, "allowed_ips", "enable_ip_whitelisting", report);
  spec.ip_access.blocked =
      addressList(document, "blacklisted_ips", "enable_ip_blacklisting", report);
  const Json* cors = member(document, "CORS");
  if (cors == nullptr) return;
  spec.cors.enabled = flagOf(*cors, "enable");
  spec.cors.allowed_origins = textsOf(*cors, "allowed_origins");
  spec.cors.allowed_methods = textsOf(*cors, "allowed_methods");
  spec.cors.allowed_headers = textsOf(*cors, "allowed_headers");
  spec.cors.exposed_headers = textsOf(*cors, "exposed_headers");
  spec.cors.allow_credentials = flagOf(*cors, "allow_credentials");
  spec.cors.options_passthrough = flagOf(*cors, "options_passthrough");
  if (const Json* age = member(*cors, "max_age"); age != nullptr && age->is_number_integer()) {
    spec.cors.max_age = age->get<int>();
  }
}

}  // namespace tykpp::definition
