#pragma once
// What gateways on one store tell each other: reloads and changed sessions. Signed with
// `node_secret`; a message that nobody who knows the secret sent is dropped. Thread: main.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "definition/gateway_config.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"
#include "session/notification.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::gateway {

class ClusterChannel {
 public:
  /// What a message asks for. Called on the main thread.
  struct Actions {
    std::function<void()> reload;
    std::function<void(std::string_view name)> session_changed;
    /// The channel stands again: messages meanwhile were lost.
    std::function<void()> joined;
    /// Any other command. @return whether somebody knows it
    std::function<bool(const session::Notification&)> other;
  };

  /// Client and configuration must outlive the object.
  ClusterChannel(storage::KeyStoreClient& client, const definition::GatewayConfig& config,
                 Actions actions);
  /// Tells every gateway, this one too. What goes wrong is logged.
  void tell(std::string_view command, std::string_view payload);

 private:
  void receive(std::string_view text);
  bool trusted(const session::Notification& notification) const;
  net::Detached publish(std::string text);
  storage::KeyStoreClient& client_;
  const definition::GatewayConfig& config_;
  Actions actions_;
  std::unique_ptr<storage::Subscription> subscription_;
};

}  // namespace tykpp::gateway
