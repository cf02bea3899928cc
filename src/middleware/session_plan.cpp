#include "middleware/session_plan.hpp"

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/environment.hpp"
#include "definition/limit_rules.hpp"
#include "session/key_hash.hpp"
#include "session/keyring.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

/// What the answer tells of the quota, until it is counted.
void tellQuota(http::Exchange& exchange) {
  const session::RateHeaders numbers =
      session::quotaHeaders(&exchange.session->data(), exchange.api->api_id);
  exchange.limit_numbers = {numbers.limit, numbers.remaining, numbers.reset};
}

}  // namespace

SessionPlans::SessionPlans(const chain::BuildContext& build)
    : keyrings_(*build.keyrings),
      rules_(build.api.limits),
      api_id_(build.api.api_id),
      environment_(definition::Environment::process().withPrefix("TYK_SECRET_")) {}

bool SessionPlans::available(const chain::BuildContext& build) noexcept {
  return build.keyrings != nullptr && build.api.limits != nullptr;
}

Result<const SessionPlans::Plan*> SessionPlans::of(http::Exchange& exchange) const {
  const session::SessionEntry* entry = exchange.session_entry.get();
  if (entry == nullptr || !entry->holds(exchange.session.get())) {
    if (auto given = giveEntry(exchange); !given) return given.error();
  }
  return &plan(*exchange.session_entry, exchange);
}

Result<void> SessionPlans::giveEntry(http::Exchange& exchange) const {
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  if (exchange.session_entry != nullptr) {
    // A hook changed the session of a key: it is as the hook wants it, and counted as before.
    exchange.session_entry =
        std::make_shared<session::SessionEntry>(exchange.session_entry->key(), exchange.session);
    tellQuota(exchange);
    return {};
  }
  const session::SessionState& made = *exchange.session;
  auto entry = std::make_shared<session::SessionEntry>(
      keyring.store().nameOf(made.token()), made.token(), made.data(), made.json().size());
  const auto& applied = entry->applied(keyring.policies(), exchange.api->org_id);
  if (!applied) {
    TYKPP_LOG(err, "auth", "policies of a session cannot be applied: {} api_id={} request_id={}",
              applied.error().message(), log::quoted(api_id_), exchange.requestId());
    return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
  }
  exchange.session = *applied;
  exchange.session_entry = std::move(entry);
  tellQuota(exchange);
  return {};
}

const SessionPlans::Plan& SessionPlans::plan(session::SessionEntry& entry,
                                             const http::Exchange& exchange) const {
  const session::PlanContext context{
      api_id_,
      entry.key(),
      rules_->matching,
      &session::shortHash,
      {&keyrings_.config().secrets, &environment_},
  };
  bool made = false;
  const Plan& plan = entry.plan(rules_->number, context, &made);
  if (made) {
    for (const std::string& problem : plan->problems()) {
      TYKPP_LOG(warn, "auth",
                "a path in a key's access rights is passed over: {} api_id={} "
                "request_id={}",
                log::quoted(problem), log::quoted(api_id_), exchange.requestId());
    }
  }
  return plan;
}

}  // namespace tykpp::middleware
