#pragma once
// `tykpp echo`: an upstream to try gateways and plugins against. Answers like httpbin: /get,
// /anything, /status/N, /delay/N, /headers; everything else like /anything.

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace tykpp::gateway {

/// Serves until SIGTERM or SIGINT. @param announce  called with the port once it listens
Result<void> runEchoServer(const std::string& address, std::uint16_t port,
                           void (*announce)(std::uint16_t port));

}  // namespace tykpp::gateway
