#include "gateway/own_ports.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "net/listener.hpp"

namespace tykpp::gateway {

definition::Problems OwnPorts::apply(const Snapshot& snapshot) {
  definition::Problems problems;
  std::erase_if(open_, [&](const auto& entry) {
    const auto& [port, tls] = entry;
    const bool wanted =
        std::any_of(snapshot.ports.begin(), snapshot.ports.end(),
                    [&](const OwnPort& own) { return own.port == port && own.tls == tls; });
    if (!wanted) {
      for (const auto& worker : workers_) worker->removeListener(port);
      TYKPP_LOG(info, "main", "--> Stopped listening on port: {}", port);
    }
    return !wanted;
  });
  for (const OwnPort& own : snapshot.ports) {
    // The control port is open in any case.
    if (open_.contains(own.port) || own.port == config_.control_api_port) continue;
    if (const Result<void> opened = open(own); !opened) {
      problems.push_back({definition::Severity::kError, "", "/listen_port",
                          opened.error().message() + "; the APIs of this port are not reachable"});
      continue;
    }
    open_.emplace(own.port, own.tls);
    TYKPP_LOG(info, "main", "--> Listening on port: {} ({})", own.port, own.tls ? "https" : "http");
  }
  return problems;
}

Result<void> OwnPorts::open(const OwnPort& wanted) {
  // All or none: a port that one worker lacks would lose its share of the connections.
  std::vector<int> sockets;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const Result<int> fd = net::Listener::bind(config_.listen_address, wanted.port);
    if (!fd) {
      for (const int open : sockets) ::close(open);
      return fd.error();
    }
    sockets.push_back(*fd);
  }
  const Transport transport = wanted.tls ? Transport::kTls : Transport::kPlain;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->addListener(sockets[i], wanted.port, transport);
  }
  return {};
}

}  // namespace tykpp::gateway
