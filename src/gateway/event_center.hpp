#pragma once
// The events of this process: the bus, who fires on it and who handles what. Handlers are made anew
// at every load, from the APIs as they run then. Thread: main, unless said otherwise.

#include <memory>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "drivers/plugin_driver.hpp"
#include "events/bus.hpp"
#include "events/emitter.hpp"
#include "events/handlers.hpp"
#include "storage/data_store.hpp"

namespace tykpp::gateway {

class EventCenter {
 public:
  using Specs = std::vector<std::shared_ptr<const definition::ApiSpec>>;

  /// @param config  outlives it
  /// @param shared  where nodes tell each other which web hooks were called; outlives it. Null:
  /// this process remembers for itself, apart from what plugins keep: neither pushes the other out.
  EventCenter(const definition::GatewayConfig& config, storage::DataStore* shared);

  /// For the chain of an API; null when it has no event handlers. Must not outlive the center.
  std::unique_ptr<const events::Emitter> emitterFor(const definition::ApiSpec& api);
  /// For the gateway's own events. Thread: any.
  const events::Emitter* gateway() const noexcept { return &gateway_; }
  /// Makes the handlers of these APIs and of the gateway; events fired from now on are theirs.
  /// @return what is wrong with those that could not be made, which are left out
  definition::Problems load(const Specs& apis, drivers::DriverRegistry& drivers);
  /// Events that are not done with. Thread: any.
  std::size_t pending() const noexcept { return bus_.pending(); }
  /// Before the drivers go: no handler is called any more.
  void stop();

 private:
  struct Loading;
  void add(Loading& loading, const definition::EventHandler& handler,
           const definition::ApiSpec* api);
  Result<std::shared_ptr<events::Handler>> make(Loading& loading,
                                                const definition::EventHandler& handler,
                                                const definition::ApiSpec* api);
  void addScripts(Loading& loading);
  std::shared_ptr<events::Handler> makeWebHook(Loading& loading,
                                               const definition::EventHandler& handler,
                                               const definition::ApiSpec* api);

  const definition::GatewayConfig& config_;
  std::unique_ptr<storage::DataStore> own_store_;
  storage::DataStore& store_;
  std::unique_ptr<client::HttpClient> client_;  // made with the first web hook
  std::unique_ptr<events::WebHooks> web_hooks_;
  events::Bus bus_;
  const events::Emitter gateway_;
};

}  // namespace tykpp::gateway
