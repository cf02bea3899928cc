#pragma once
// What the admin API needs from the gateway. Implemented by the gateway room. Thread: main.

#include <functional>
#include <memory>
#include <vector>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::admin {

/// The gateway as the admin API sees it.
class Control {
 public:
  virtual ~Control() = default;
  /// Queues a reload of this node. @param done  called on the main thread after it, may be null;
  /// also when the reload found errors
  virtual void requestReload(std::function<void()> done) = 0;
  /// Tells every node to reload, this one too. @return false when no other node was told
  virtual bool publishGroupReload() = 0;
  /// The APIs that are served now.
  virtual std::vector<std::shared_ptr<const definition::ApiSpec>> apis() const = 0;
  /// What the last load of definitions had to say, plugins included.
  virtual definition::Problems loadProblems() const = 0;
  virtual const definition::GatewayConfig& config() const = 0;
  /// Whether a load of the definitions has been completed since start, even one that found none.
  virtual bool reloadedOnce() const = 0;
  /// Whether a stop was asked for.
  virtual bool shuttingDown() const = 0;
};

}  // namespace tykpp::admin
