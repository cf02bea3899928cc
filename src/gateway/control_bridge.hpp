#pragma once
// From a worker to the admin API on the main thread and back.

#include "admin/admin_api.hpp"
#include "http/server_exchange.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace tykpp::gateway {

/// Lets workers ask the admin API. Lives on the main thread; alive as long as the workers.
class ControlBridge {
 public:
  ControlBridge(net::Loop& main, admin::AdminApi& api) : main_(main), api_(api) {}
  bool isControlPath(std::string_view decoded_path) const noexcept {
    return api_.isControlPath(decoded_path);
  }
  /// Answers a request of the control router on its worker; the body is read first.
  net::Task<void> answer(http::ServerExchange& exchange, net::Loop& worker);

 private:
  net::Loop& main_;
  admin::AdminApi& api_;
};

}  // namespace tykpp::gateway
