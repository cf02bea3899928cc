#pragma once
// The interface every plugin runtime implements. A driver knows a language and nothing of chains;
// hooks/ knows chains and nothing of languages.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "http/exchange.hpp"
#include "http/traffic_record.hpp"
#include "net/task.hpp"

namespace tykpp::drivers {

enum class Hook : std::uint8_t { kPre, kAuth, kPostAuth, kPost, kResponse, kAnalytics };

/// `pre`, `auth`, `post_auth`, `post`, `response`, `analytics`
std::string_view hookName(Hook hook) noexcept;

enum class HookVerdict : std::uint8_t {
  kContinue,
  kRespond,  ///< exchange.response() is filled
  kPending,  ///< the plugin answers later: await BoundPlugin::finish
  kDrop,     ///< analytics only: do not record
};

/// What an analytics hook sees and may change.
using http::TrafficRecord;

/// One hook invocation. Every view points into `exchange` and is dead after the call has ended.
struct HookCall {
  Hook hook;
  http::Exchange& exchange;
  TrafficRecord* record = nullptr;  ///< analytics only
  Clock::time_point deadline;       ///< past it the driver gives up with Errc::kPluginTimeout
};

/// A loaded function bound to one worker. Not thread safe. Made and called on its worker; destroyed
/// when no worker uses its API any more, on any thread.
class BoundPlugin {
 public:
  virtual ~BoundPlugin() = default;
  /// The synchronous part of a call.
  virtual Result<HookVerdict> call(HookCall& call) = 0;
  /// Awaited after kPending; returns kContinue, kRespond or kDrop.
  virtual net::Task<Result<HookVerdict>> finish(HookCall& call);
};

/// A function that was found and checked at load. Immutable; shared by the workers.
class LoadedPlugin {
 public:
  virtual ~LoadedPlugin() = default;
  /// kBuffer: the hook reads the body of the request (of the response at the response hook).
  virtual http::BodyNeed bodyNeed() const noexcept = 0;
  /// The `RemoteServer::address` its calls go to; empty when it runs in the gateway's process.
  virtual std::string_view server() const noexcept { return {}; }
  /// Worker thread, once per worker: may build a runtime, must not do I/O.
  virtual Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const = 0;
};

/// A function that handles events (`cp_dynamic_handler`), found at load. Thread: any.
class EventFunction {
 public:
  virtual ~EventFunction() = default;
  /// Takes an event and returns at once; failures are logged. What waits is bounded: beyond that an
  /// event is dropped with a log line.
  /// @param payload  JSON text `{"message": …, "handler_name": …, "spec": …}`
  /// @param ticket   let go when the event has been handled or dropped
  virtual void dispatch(std::string payload, std::shared_ptr<void> ticket) = 0;
};

/// A process of its own that plugins run in.
struct RemoteServer {
  std::string address;         ///< as it is configured
  std::string state;           ///< idle, connecting, ready or failing
  std::string error;           ///< why the last call did not get there; empty when it did
  std::uint64_t restarts = 0;  ///< of a process that the gateway keeps: starts after it died
};

/// A language runtime; one object a process, alive from start to exit.
class PluginDriver {
 public:
  virtual ~PluginDriver() = default;
  virtual std::string_view name() const noexcept = 0;  ///< value of `driver` in a definition
  /// Main thread, at load: find the file, check that the function exists. An error rejects that API
  /// alone.
  virtual Result<std::shared_ptr<const LoadedPlugin>> load(const definition::PluginRef& ref,
                                                           Hook hook,
                                                           const definition::ApiSpec& api) = 0;
  /// What a request gets at a hook whose plugin could not be loaded while no earlier version of it
  /// serves: the hook fails closed. 500 `Internal Server Error` unless the runtime has another way.
  virtual Error brokenAnswer(Hook hook) const;
  /// Main thread, at load: the function of the API's plugin that handles events under this name.
  /// @error kNotBuilt  events do not reach plugins of this driver, unless it says otherwise;
  ///        kBadPlugin  there is no such function
  virtual Result<std::shared_ptr<EventFunction>> findEventFunction(const std::string& handler_name,
                                                                   const definition::ApiSpec& api);
  /// The servers that plugins loaded so far are called at. Thread: main.
  virtual std::vector<RemoteServer> servers() const;
};

/// The drivers of this build, by name. Filled once at start (gateway), read-only afterwards.
class DriverRegistry {
 public:
  virtual ~DriverRegistry() = default;
  /// Null when no such driver is built.
  virtual PluginDriver* find(std::string_view name) const noexcept = 0;
  /// Every name that find() knows, for messages.
  virtual std::vector<std::string_view> names() const = 0;
};

}  // namespace tykpp::drivers
