#include "middleware/ip_access.hpp"

#include <algorithm>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "events/fire.hpp"
#include "http/client_address.hpp"

namespace tykpp::middleware {
namespace {

std::vector<IpNetwork> networksOf(const std::vector<std::string>& entries) {
  std::vector<IpNetwork> networks;
  for (const std::string& entry : entries) {
    if (const auto network = IpNetwork::parse(entry)) networks.push_back(*network);
  }
  return networks;
}

bool holds(const std::vector<IpNetwork>& networks, const IpAddress& address) noexcept {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> IpAccess::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::IpAccess& rules = build.api.ip_access;
  if (rules.allowed.empty() && rules.blocked.empty()) return steps;
  steps.push_back(std::make_unique<IpAccess>(
      Lists{!rules.allowed.empty(), networksOf(rules.allowed), networksOf(rules.blocked),
            build.config.http_server_options.xff_depth},
      build.events));
  return steps;
}

bool IpAccess::mayPass(std::string_view text) const noexcept {
  const auto address = IpAddress::parse(text);
  // Who has no address is on no list.
  if (!address) return !lists_.allow_only;
  if (lists_.allow_only && !holds(lists_.allowed, *address)) return false;
  return !holds(lists_.blocked, *address);
}

Result<chain::Verdict> IpAccess::onRequest(http::Exchange& exchange) const {
  const std::string_view address = http::clientAddress(exchange, lists_.xff_depth);
  if (mayPass(address)) return chain::Verdict::kContinue;
  events::fireAuthFailure(events_, exchange, address);
  return Error(Errc::kForbidden, Side::kClient, 403, "access from this IP has been disallowed");
}

}  // namespace tykpp::middleware
