#include "drivers/grpc/impl/target.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

Error notAnAddress(std::string_view address) {
  return Error(Errc::kBadPlugin,
               "the address of a plugin server has to be tcp://host:port, tls://host:port, "
               "dns:///name:port or unix:///path, not " +
                   log::quoted(address));
}

bool takePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool readPort(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0;
}

bool hostMayHave(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool isFamily(int family, const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(family, host.c_str(), bytes) == 1;
}

/// Brackets are for IPv6 addresses.
bool split(std::string_view text, HostPort& to) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !readPort(text.substr(colon + 1), to.port)) return false;
  to.host = text.substr(0, colon);
  if (to.host.starts_with('[') && to.host.ends_with(']')) {
    to.host = to.host.substr(1, to.host.size() - 2);
    return isFamily(AF_INET6, to.host);
  }
  return !to.host.empty() && std::all_of(to.host.begin(), to.host.end(), &hostMayHave);
}

Result<std::vector<HostPort>> listOf(std::string_view list, std::string_view address) {
  if (list.ends_with(',')) return notAnAddress(address);
  std::vector<HostPort> hosts;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    HostPort& host = hosts.emplace_back();
    if (!split(one, host)) return notAnAddress(address);
    if (!isFamily(AF_INET, host.host) && !isFamily(AF_INET6, host.host)) {
      return Error(Errc::kBadPlugin,
                   "several plugin servers are named by IP addresses, or by one name with several "
                   "addresses (dns:///name:port): " +
                       log::quoted(address));
    }
  }
  return hosts;
}

Result<Target> socketAt(std::string_view rest, std::string_view address) {
  const bool absolute = rest.starts_with("unix:///");
  // `unix://name` would be an authority, which sockets have not.
  if ((rest.starts_with("unix://") && !absolute) || rest.size() == 5) return notAnAddress(address);
  Target target;
  target.unix_path = rest.substr(absolute ? 7 : 5);
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (target.unix_path.size() > kLongest) return notAnAddress(address);
  return target;
}

}  // namespace

std::string HostPort::text() const {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Target> parseTarget(std::string_view address) {
  std::string_view rest = address;
  if (rest.starts_with("unix:")) return socketAt(rest, address);
  Target target;
  const bool name = takePrefix(rest, "dns:///");
  target.tls = !name && takePrefix(rest, "tls://");
  if (!name && !target.tls) takePrefix(rest, "tcp://");
  if (!name && rest.find(',') != std::string_view::npos) {
    auto hosts = listOf(rest, address);
    if (!hosts) return hosts.error();
    target.hosts = std::move(*hosts);
    return target;
  }
  if (!split(rest, target.hosts.emplace_back())) return notAnAddress(address);
  return target;
}

}  // namespace tykpp::drivers::grpc
