#pragma once
// The address of a plugin server, as configurations write it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::drivers::grpc {

struct HostPort {
  std::string host;  ///< a name, or an IP address without brackets
  std::uint16_t port = 0;
  /// `host:port`, `[address]:port`
  std::string text() const;
};

struct Target {
  std::vector<HostPort> hosts;  ///< one name or address, or several addresses
  std::string unix_path;        ///< of a socket: then there are no hosts
  bool tls = false;             ///< `tls://`
  /// A list of addresses: calls go to them in turn.
  bool several() const noexcept { return hosts.size() > 1; }
};

/// Reads `host:port`, `tcp://host:port`, `tls://host:port`, `dns:///name:port`, `unix:///path` or
/// `unix:path`; in the first three, several IP addresses may stand with commas between them.
/// @error kBadPlugin  it is none of these
Result<Target> parseTarget(std::string_view address);

}  // namespace tykpp::drivers::grpc
