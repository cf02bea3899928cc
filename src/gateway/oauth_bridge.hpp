#pragma once
// From a worker's request to the authorisation server of its API and back.

#include <memory>
#include <string_view>

#include "gateway/snapshot.hpp"
#include "http/server_exchange.hpp"
#include "net/task.hpp"
#include "net/timed_calls.hpp"
#include "oauth/notifier.hpp"
#include "oauth/server.hpp"
#include "session/keyring.hpp"

namespace tykpp::gateway {

/// The authorisation servers of this process: their endpoints and their upkeep. Made before the
/// workers run, destroyed after them.
class OAuthBridge {
 public:
  /// Both outlive the object. @param main  for the upkeep
  OAuthBridge(session::Keyrings& keyrings, net::Loop& main);

  /// Which endpoint of its API a request is for. Thread: any.
  static oauth::Endpoint endpointOf(const http::Exchange& exchange) noexcept;
  /// Answers it, on its worker.
  net::Task<void> answer(http::ServerExchange& sx, const ApiRuntime& api,
                         oauth::Endpoint endpoint) const;

  /// Drops lapsed tokens each `private.oauth_tokens_purge_interval`. Thread: main, from now on.
  /// @param site  the main loop's; outlives the object
  void keepUp(const oauth::Site& site);
  /// Drops them now. Thread: main.
  void purge();

 private:
  void schedule();
  net::Detached purgeOnce();
  session::Keyrings& keyrings_;
  net::Loop& main_;
  oauth::Notifier notifier_;
  oauth::Server server_;
  net::TimedCalls later_;
  const oauth::Site* site_ = nullptr;
};

}  // namespace tykpp::gateway
