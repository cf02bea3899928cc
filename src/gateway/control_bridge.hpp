#pragma once
// From a worker to the admin API on the main thread and back.

#include <coroutine>
#include <memory>
#include <vector>

#include "admin/admin_api.hpp"
#include "definition/gateway_config.hpp"
#include "http/server_exchange.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "session/keyring.hpp"

namespace tykpp::gateway {

/// Lets workers ask the admin API. Lives on the main thread; alive as long as the workers.
class ControlBridge {
 public:
  /// All of it outlives the bridge.
  ControlBridge(net::Loop& main, admin::AdminApi& api, const definition::GatewayConfig& config,
                session::Keyrings& keyrings)
      : main_(main), api_(api), tls_(config.identity.tls), keyrings_(keyrings) {}
  bool isControlPath(std::string_view decoded_path) const noexcept {
    return api_.isControlPath(decoded_path);
  }
  /// Answers a request of the control router on its worker; the body is read first.
  net::Task<void> answer(http::ServerExchange& exchange, net::Loop& worker);
  /// The end: what waits, and whatever is asked from now on, is answered with 503 while the workers
  /// still run, so that no coroutine is left on them. Thread: main.
  void giveUp();

 private:
  /// Why the certificate of a client does not do; empty: it does, or none is asked for.
  /// Source: `security.control_api_use_mutual_tls`
  std::string certificateProblem(const http::Exchange& exchange) const;

  /// A worker's coroutine that waits for the main thread.
  struct Question {
    net::Loop& worker;
    admin::AdminRequest request;
    std::coroutine_handle<> caller;
    admin::AdminReply reply;
    bool answered = false;
  };
  class Ask;
  void ask(const std::shared_ptr<Question>& question);
  void give(const std::shared_ptr<Question>& question, admin::AdminReply reply);

  net::Loop& main_;
  admin::AdminApi& api_;
  const definition::TlsConfig& tls_;
  session::Keyrings& keyrings_;
  std::vector<std::shared_ptr<Question>> waiting_;  // main thread
  bool given_up_ = false;                           // main thread
};

}  // namespace tykpp::gateway
