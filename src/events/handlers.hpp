#pragma once
// Handlers that need no plugin runtime: lines in the log, and calls of web hooks.

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/event_handlers.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "events/bus.hpp"

namespace tykpp::client {
class HttpClient;
}
namespace tykpp::storage {
class DataStore;
}

namespace tykpp::events {

/// `eh_log_handler`: a warning `prefix:Type`, with key, origin and path where the event has them.
/// Keys show their last four characters unless `enable_key_logging` is on.
std::shared_ptr<Handler> makeLogHandler(const definition::EventHandler& spec,
                                        const definition::GatewayConfig& config);

/// The line that the log handler writes.
std::string logLine(const std::string& prefix, const Event& event, bool whole_keys);

/// A web hook that can be called, and what is nevertheless wrong with it.
struct MadeWebHook {
  std::shared_ptr<Handler> handler;
  std::string problem;  ///< of its template, whose place the default takes; else empty
};

class SentHooks;

/// Makes `eh_web_hook_handler`s; what they share is here. Thread: main. Handlers may outlive it.
class WebHooks {
 public:
  /// @param client, store  outlive the handlers; the store remembers what was sent under
  /// `webhook.cache.<md5>`
  WebHooks(client::HttpClient& client, storage::DataStore& store);
  /// Reads the templates.
  MadeWebHook make(const definition::EventHandler& spec, const definition::GatewayConfig& config);

 private:
  client::HttpClient& client_;
  std::shared_ptr<SentHooks> sent_;
};

/// What is wrong with the files that handlers name: templates that cannot be used, scripts that are
/// not there. For `tykpp lint`, which runs nothing.
/// @param file  where the handlers stand
definition::Problems fileProblems(const std::vector<definition::EventHandler>& handlers,
                                  const definition::GatewayConfig& config, const std::string& file);

}  // namespace tykpp::events
