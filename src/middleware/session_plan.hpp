#pragma once
// What the request's session may do with its API, compiled: how the steps behind authentication
// get at it.

#include <memory>
#include <string>

#include "chain/step.hpp"
#include "session/limit_plan.hpp"
#include "session/session_entry.hpp"

namespace tykpp::definition {
struct LimitRules;
}
namespace tykpp::session {
class Keyrings;
}

namespace tykpp::middleware {

/// One API's; each step has its own, they find the same plans. Thread: any worker; made on the main
/// thread.
class SessionPlans {
 public:
  using Plan = std::shared_ptr<const session::LimitPlan>;

  /// `build.keyrings` and `build.api.limits` are there.
  explicit SessionPlans(const chain::BuildContext& build);

  /// Whether an API has what the steps need: a store of keys, and a definition that was read.
  static bool available(const chain::BuildContext& build) noexcept;
  /// The plan of the request's session; does not allocate when it is in the cache. A session that
  /// came from a plugin gets its entry here. View: until another request runs on this worker.
  /// @error 403 when policies of such a session cannot be applied. `session` is not null
  Result<const Plan*> of(http::Exchange& exchange) const;

 private:
  Result<void> giveEntry(http::Exchange& exchange) const;
  const Plan& plan(session::SessionEntry& entry, const http::Exchange& exchange) const;

  session::Keyrings& keyrings_;
  std::shared_ptr<const definition::LimitRules> rules_;
  std::string api_id_;
  session::PatternSecrets::Map environment_;  // TYK_SECRET_… as of the load
};

}  // namespace tykpp::middleware
