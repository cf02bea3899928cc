#include "definition/upstream_trust.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace tykpp::definition {
namespace {

/// What the strongest pattern that fits a host stands for; empty: none does.
std::string_view strongest(const UpstreamTrust::ByHost& entries, std::string_view host,
                           std::uint16_t port) {
  if (entries.empty()) return {};
  const std::size_t dot = host.find('.');
  const std::string name(host);
  const std::array<std::string, 4> patterns = {
      name + ":" + std::to_string(port), name,
      dot == std::string::npos ? std::string("*") : "*" + name.substr(dot), "*"};
  for (const std::string& pattern : patterns) {
    const auto found = entries.find(pattern);
    if (found != entries.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string_view either(std::string_view own, std::string_view gateways) {
  return own.empty() ? gateways : own;
}

/// SHA-256 in hex, as it stands.
bool isKeyDigest(std::string_view name) {
  return name.size() == 64 &&
         name.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// Calls `use(name)` for each name of a list.
template <class Use>
void forEachName(std::string_view list, const Use& use) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trim(list.substr(0, comma));
    list.remove_prefix(std::min(list.size(), comma + 1));
    if (!name.empty()) use(std::string(name));
  }
}

}  // namespace

UpstreamTls tlsFor(const UpstreamTls& base, const UpstreamTrust* trust, std::string_view host,
                   std::uint16_t port) {
  UpstreamTls tls = base;
  if (trust == nullptr) return tls;
  tls.client_certificate = either(strongest(trust->certificates, host, port),
                                  strongest(trust->gateway_certificates, host, port));
  const std::string_view pins =
      either(strongest(trust->pins, host, port), strongest(trust->gateway_pins, host, port));
  forEachName(pins, [&tls](std::string name) { tls.pinned_keys.push_back(std::move(name)); });
  return tls;
}

std::vector<std::string> namesIn(const UpstreamTrust& trust) {
  std::vector<std::string> names;
  for (const auto* map : {&trust.gateway_certificates, &trust.certificates}) {
    for (const auto& [pattern, name] : *map) {
      if (!name.empty()) names.push_back(name);
    }
  }
  for (const auto* map : {&trust.gateway_pins, &trust.pins}) {
    for (const auto& [pattern, list] : *map) {
      forEachName(list, [&names](std::string name) {
        if (!isKeyDigest(name)) names.push_back(std::move(name));
      });
    }
  }
  return names;
}

}  // namespace tykpp::definition
