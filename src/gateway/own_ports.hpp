#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "gateway/snapshot.hpp"
#include "gateway/worker.hpp"

namespace tykpp::gateway {

/// Opens and closes the ports that APIs have to themselves. Thread: main.
class OwnPorts {
 public:
  /// Both outlive it.
  OwnPorts(const definition::GatewayConfig& config,
           const std::vector<std::unique_ptr<Worker>>& workers)
      : config_(config), workers_(workers) {}
  /// Makes the open ports those of a snapshot. @return what could not be opened
  definition::Problems apply(const Snapshot& snapshot);

 private:
  Result<void> open(const OwnPort& wanted);
  const definition::GatewayConfig& config_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  std::map<std::uint16_t, bool> open_;  // with TLS or without
};

}  // namespace tykpp::gateway
