#include "gateway/event_center.hpp"

#include "base/log.hpp"
#include "drivers/js/js_driver.hpp"

namespace tykpp::gateway {
namespace {

using definition::EventHandler;
using definition::EventHandlerKind;

/// `eh_dynamic_handler`
class ScriptHandler final : public events::Handler {
 public:
  ScriptHandler(drivers::js::JsDriver& driver, std::string object)
      : driver_(driver), object_(std::move(object)) {}
  void handle(const events::Event& event, events::Ticket ticket) override {
    driver_.callEvent(object_, {event.name, events::metaText(event), events::timeStamp(event.time),
                                event.api_id, event.org_id, std::move(ticket)});
  }

 private:
  drivers::js::JsDriver& driver_;
  const std::string object_;
};

/// `cp_dynamic_handler`
class PluginHandler final : public events::Handler {
 public:
  PluginHandler(std::shared_ptr<drivers::EventFunction> function, std::string name)
      : function_(std::move(function)), name_(std::move(name)) {}
  void handle(const events::Event& event, events::Ticket ticket) override {
    function_->dispatch(events::pluginPayload(event, name_), std::move(ticket));
  }

 private:
  const std::shared_ptr<drivers::EventFunction> function_;
  const std::string name_;
};

const std::string& idOf(const definition::ApiSpec* api) {
  static const std::string kGateway;
  return api == nullptr ? kGateway : api->api_id;
}

}  // namespace

/// One load under way.
struct EventCenter::Loading {
  drivers::DriverRegistry& drivers;
  const std::string& config_file;
  std::shared_ptr<events::HandlerTable> table = std::make_shared<events::HandlerTable>();
  definition::Problems problems{};
  /// Loaded together: they share a runtime.
  std::vector<std::pair<const EventHandler*, const definition::ApiSpec*>> scripts{};

  void complain(const EventHandler& handler, const definition::ApiSpec* api, std::string reason) {
    problems.push_back({definition::Severity::kWarning, api == nullptr ? config_file : api->file,
                        handler.pointer, std::move(reason)});
  }
  void leaveOut(const EventHandler& handler, const definition::ApiSpec* api, const Error& error) {
    complain(handler, api,
             "Failed to init event handler: " + error.message() + "; the handler is ignored");
  }
};

EventCenter::EventCenter(const definition::GatewayConfig& config, storage::DataStore* shared)
    : config_(config),
      own_store_(shared == nullptr ? storage::makeMemoryDataStore() : nullptr),
      store_(shared == nullptr ? *own_store_ : *shared),
      gateway_(bus_, {}, {}, config.event_handlers) {}

std::unique_ptr<const events::Emitter> EventCenter::emitterFor(const definition::ApiSpec& api) {
  if (api.event_handlers.empty()) return nullptr;
  return std::make_unique<const events::Emitter>(bus_, api.api_id, api.org_id, api.event_handlers,
                                                 config_.http_server_options.xff_depth);
}

definition::Problems EventCenter::load(const Specs& apis, drivers::DriverRegistry& drivers) {
  Loading loading{drivers, config_.file};
  for (const EventHandler& handler : config_.event_handlers) add(loading, handler, nullptr);
  for (const auto& api : apis) {
    for (const EventHandler& handler : api->event_handlers) add(loading, handler, api.get());
  }
  addScripts(loading);
  bus_.use(std::move(loading.table));
  return std::move(loading.problems);
}

void EventCenter::add(Loading& loading, const EventHandler& handler,
                      const definition::ApiSpec* api) {
  if (handler.kind == EventHandlerKind::kScript) {
    loading.scripts.emplace_back(&handler, api);
    return;
  }
  auto made = make(loading, handler, api);
  if (made) {
    loading.table->add(idOf(api), handler.event, std::move(*made));
  } else {
    loading.leaveOut(handler, api, made.error());
  }
}

Result<std::shared_ptr<events::Handler>> EventCenter::make(Loading& loading,
                                                           const EventHandler& handler,
                                                           const definition::ApiSpec* api) {
  if (handler.kind == EventHandlerKind::kLog) return events::makeLogHandler(handler, config_);
  if (handler.kind == EventHandlerKind::kWebHook) return makeWebHook(loading, handler, api);
  drivers::PluginDriver* driver =
      api == nullptr || api->driver.empty() ? nullptr : loading.drivers.find(api->driver);
  if (driver == nullptr) return Error(Errc::kBadPlugin, "no plugin driver is available");
  auto function = driver->findEventFunction(handler.name, *api);
  if (!function) return function.error();
  return std::shared_ptr<events::Handler>(
      std::make_shared<PluginHandler>(std::move(*function), handler.name));
}

std::shared_ptr<events::Handler> EventCenter::makeWebHook(Loading& loading,
                                                          const EventHandler& handler,
                                                          const definition::ApiSpec* api) {
  if (web_hooks_ == nullptr) {
    // Not the client of plugins: receivers that do not answer must not use up its calls.
    client::Limits limits;
    limits.transfers = 256;
    limits.queued = events::BusLimits{}.events;
    client_ = std::make_unique<client::HttpClient>(limits);
    web_hooks_ = std::make_unique<events::WebHooks>(*client_, store_);
  }
  events::MadeWebHook made = web_hooks_->make(handler, config_);
  if (!made.problem.empty()) loading.complain(handler, api, made.problem);
  return std::move(made.handler);
}

void EventCenter::addScripts(Loading& loading) {
  auto* driver = dynamic_cast<drivers::js::JsDriver*>(loading.drivers.find("otto"));
  std::vector<drivers::js::JsEventHandler> handlers;
  for (const auto& [handler, api] : loading.scripts)
    handlers.push_back({handler->script, handler->name});
  std::vector<Result<void>> outcomes(handlers.size(),
                                     Error(Errc::kNotBuilt, "the driver \"otto\" is not built"));
  // Without handlers too: those of the load before go.
  if (driver != nullptr) outcomes = driver->useEventHandlers(handlers);
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    const auto& [handler, api] = loading.scripts[i];
    if (outcomes[i]) {
      loading.table->add(idOf(api), handler->event,
                         std::make_shared<ScriptHandler>(*driver, handler->name));
    } else {
      loading.leaveOut(*handler, api, outcomes[i].error());
    }
  }
}

void EventCenter::stop() {
  if (const std::size_t left = bus_.pending(); left > 0) {
    TYKPP_LOG(warn, "events", "{} events are dropped: the gateway goes down", left);
  }
  bus_.stop();
}

}  // namespace tykpp::gateway
