#pragma once
// One hook of one plugin against one message, without a gateway around it: what a plugin author
// runs again and again (`tykpp plugin test`). Enters: a definition and a message as text; leaves:
// what the plugin made of it.

#include <chrono>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::gateway {

struct TrialInput {
  std::string definition;             ///< file, Classic or OAS
  std::optional<drivers::Hook> hook;  ///< nothing: the only one the definition has
  std::string function;               ///< empty: the first of that hook
  /// Heads and body as on the wire; lines may end in LF alone, and a Content-Length that is missing
  /// or wrong is set right. Empty: `GET /<listen path>`.
  std::string request;
  std::string response;  ///< the same, for the response hook; empty: 200 with a JSON body
  std::string session;   ///< JSON of the session the request has got already; empty: none
};

struct TrialOutcome {
  enum class End : std::uint8_t { kContinued, kAnswered, kDropped, kFailed };

  std::string hook, function, driver, file;
  End end = End::kContinued;
  std::chrono::nanoseconds took{0};  ///< of the call, from its start to the verdict
  /// The message that the hook is about (request, response, or fields of the record), before and
  /// after, in lines.
  std::string before, after;
  std::string session_before, session_after;  ///< JSON; empty: none
  std::string answer;                         ///< kAnswered in a request hook: the plugin's answer
  std::uint16_t status = 0;                   ///< kFailed: what a client would get
  std::string message;                        ///< kFailed: with that status
  std::string reason;                         ///< kFailed: for the log
};

/// @param problems  gets what is wrong with the definition, warnings too
/// @error  kBadDefinition when it cannot be used; kNotFound when it has no such hook; kBadRequest
/// when a message cannot be read; whatever keeps the plugin from being loaded
Result<TrialOutcome> tryPlugin(const definition::GatewayConfig& config, const TrialInput& input,
                               definition::Problems& problems);

}  // namespace tykpp::gateway
