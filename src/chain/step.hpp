#pragma once
// A step of an API's chain. Built once per snapshot from the definition, shared by all requests and
// workers; what belongs to one request is in the exchange. A step answers with a verdict and never
// calls the next one.

#include <memory>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "http/exchange.hpp"
#include "net/task.hpp"

namespace tykpp::definition {
struct ApiSpec;
struct GatewayConfig;
}  // namespace tykpp::definition

namespace tykpp::drivers {
class DriverRegistry;
}
namespace tykpp::events {
class Emitter;
}
namespace tykpp::session {
class Keyrings;
}
namespace tykpp::storage {
class CacheClients;
}

namespace tykpp::chain {

enum class Verdict : std::uint8_t {
  kContinue,
  kRespond,  ///< exchange.response() is filled; the rest of the request chain is skipped
  kSuspend,  ///< the step has to wait: the runner awaits finish()
};

/// A request step. Thread: any worker, several at once; members are immutable or per worker.
class Step {
 public:
  virtual ~Step() = default;
  virtual std::string_view name() const noexcept = 0;
  /// The synchronous part: costs no coroutine frame. An error ends the request with the error's
  /// status and message.
  virtual Result<Verdict> onRequest(http::Exchange& exchange) const = 0;
  /// Awaited after kSuspend; must not answer kSuspend.
  virtual net::Task<Result<Verdict>> finish(http::Exchange& exchange) const;
  /// kBuffer: request().body() must be set before onRequest.
  virtual http::BodyNeed requestBody() const noexcept { return http::BodyNeed::kStream; }
};

/// A response step, run on an upstream's answer before the client sees it. kRespond: the step
/// replaced the answer; the steps behind it and what is left of the upstream's body are dropped.
class ResponseStep {
 public:
  virtual ~ResponseStep() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual Result<Verdict> onResponse(http::Exchange& exchange) const = 0;
  virtual net::Task<Result<Verdict>> finish(http::Exchange& exchange) const;
  /// Whether it runs for answers that may never end too; such a step needs no body and never
  /// suspends.
  virtual bool takesStreams() const noexcept { return false; }
  /// kBuffer: response().body() must be set, decoded, before onResponse.
  virtual http::BodyNeed responseBody() const noexcept { return http::BodyNeed::kStream; }
};

/// What a factory may look at while it builds a step.
struct BuildContext {
  const definition::ApiSpec& api;
  const definition::GatewayConfig& config;
  std::uint32_t workers;                              ///< how many worker indexes there will be
  tykpp::drivers::DriverRegistry* drivers = nullptr;  ///< the plugin runtimes; null: none
  /// Not null: there is no earlier version of the API to go on with. A plugin that cannot be loaded
  /// becomes a hook that refuses each request, and the reason goes here instead of ending the
  /// build.
  std::vector<Error>* broken = nullptr;
  /// Fires the API's events (events/fire.hpp); lives as long as the chain. Null: nobody handles
  /// any.
  const tykpp::events::Emitter* events = nullptr;
  /// The workers' sessions and counters; outlives every chain. Null: no store (trials of plugins).
  tykpp::session::Keyrings* keyrings = nullptr;
  /// Where answers are kept; outlives every chain. Null: nowhere (trials of plugins).
  tykpp::storage::CacheClients* cache = nullptr;
};

/// Of an API with several versions: whether each has steps of its own.
enum class PerVersion : std::uint8_t {
  kOwn,
  kShared,  ///< they are costly and alike: made once, from what all versions have in common
};

/// One line of the order table (gateway/chain_order.cpp). A factory answers null when the API asks
/// for nothing.
struct StepEntry {
  std::string_view name;
  Result<std::vector<std::unique_ptr<Step>>> (*create)(const BuildContext& build);
  PerVersion per_version = PerVersion::kOwn;
};
struct ResponseStepEntry {
  std::string_view name;
  Result<std::vector<std::unique_ptr<ResponseStep>>> (*create)(const BuildContext& build);
  PerVersion per_version = PerVersion::kOwn;
};

}  // namespace tykpp::chain
