#include "drivers/grpc/impl/target.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

struct HostPort {
  std::string_view host;
  std::string_view port;
};

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

bool isPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port <= 65535;
}

bool hostMayHave(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool isFamily(int family, std::string_view host) {
  unsigned char bytes[16];
  return ::inet_pton(family, std::string(host).c_str(), bytes) == 1;
}

/// `[address]:port` keeps its brackets out of the host.
bool split(std::string_view text, HostPort& to) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !isPort(text.substr(colon + 1))) return false;
  to.port = text.substr(colon + 1);
  to.host = text.substr(0, colon);
  if (to.host.starts_with('[') && to.host.ends_with(']')) {
    to.host = to.host.substr(1, to.host.size() - 2);
    return isFamily(AF_INET6, to.host);
  }
  return !to.host.empty() && std::all_of(to.host.begin(), to.host.end(), &hostMayHave);
}

/// gRPC's schemes for addresses take one family each.
Result<Target> listOf(std::string_view list, std::string_view address) {
  if (list.ends_with(',')) return notAnAddress(address);
  Target target;
  target.several = true;
  bool six = false;
  for (bool first = true; !list.empty(); first = false) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    HostPort parts;
    if (!split(one, parts)) return notAnAddress(address);
    const bool is_six = isFamily(AF_INET6, parts.host);
    if (!is_six && !isFamily(AF_INET, parts.host)) {
      return Error(Errc::kBadPlugin,
                   "several plugin servers are named by IP addresses, or by one name with several "
                   "addresses (dns:///name:port): " +
                       log::quoted(address));
    }
    if (first) {
      six = is_six;
      target.uri = six ? "ipv6:" : "ipv4:";
    } else if (six != is_six) {
      return Error(Errc::kBadPlugin,
                   "IPv4 and IPv6 addresses cannot be mixed in one list: " + log::quoted(address));
    } else {
      target.uri += ',';
    }
    target.uri += one;
  }
  return target;
}

}  // namespace

Result<Target> parseTarget(std::string_view address) {
  std::string_view rest = address;
  if (rest.starts_with("unix:")) {
    const bool absolute = rest.starts_with("unix:///");
    // `unix://name` would be an authority, which sockets have not.
    if ((rest.starts_with("unix://") && !absolute) || rest.size() == 5)
      return notAnAddress(address);
    return Target{std::string(rest), false, false};
  }
  Target target;
  HostPort parts;
  if (takePrefix(rest, "dns:///")) {
    if (!split(rest, parts)) return notAnAddress(address);
    target.uri = std::string(address);
    return target;
  }
  target.tls = takePrefix(rest, "tls://");
  if (!target.tls) takePrefix(rest, "tcp://");
  if (rest.find(',') != std::string_view::npos) {
    auto list = listOf(rest, address);
    if (list) list->tls = target.tls;
    return list;
  }
  if (!split(rest, parts)) return notAnAddress(address);
  target.uri = "dns:///" + std::string(rest);
  return target;
}

}  // namespace tykpp::drivers::grpc
