#pragma once
// The address of a plugin server, as configurations write it.

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::drivers::grpc {

struct Target {
  std::string uri;       ///< as gRPC's name resolution wants it
  bool tls = false;      ///< `tls://`
  bool several = false;  ///< a list of addresses: calls go to them in turn
};

/// Reads `host:port`, `tcp://host:port`, `tls://host:port`, `dns:///name:port`, `unix:///path` or
/// `unix:path`; in the first three, several IP addresses may stand with commas between them.
/// @error kBadPlugin  it is none of these
Result<Target> parseTarget(std::string_view address);

}  // namespace tykpp::drivers::grpc
