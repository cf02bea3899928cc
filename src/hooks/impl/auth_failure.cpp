#include "hooks/impl/auth_failure.hpp"

#include "events/fire.hpp"
#include "events/request_facts.hpp"

namespace tykpp::hooks {
namespace {

using drivers::Hook;
using drivers::HookVerdict;

bool isRequestHook(Hook hook) noexcept {
  return hook != Hook::kResponse && hook != Hook::kAnalytics;
}

/// A refusal that the plugin asked for, and not that it failed.
bool refused(const Result<HookVerdict>& verdict) noexcept {
  return !verdict && verdict.error().code() == Errc::kForbidden &&
         verdict.error().side() == Side::kPlugin;
}

}  // namespace

void noteRefusal(const events::Emitter& events, const http::Exchange& exchange, Hook hook,
                 const definition::PluginRef& ref, const definition::CredentialSource& source,
                 const Result<HookVerdict>& verdict) {
  if (!isRequestHook(hook) || !events.wants(events::EventType::kAuthFailure)) return;
  if (ref.driver == "python" || ref.driver == "lua" || ref.driver == "grpc") {
    if (refused(verdict))
      events::fireAuthFailure(&events, exchange, events::credentialOf(exchange, source));
  } else if (ref.driver == "native" || ref.driver == "goplugin") {
    const bool forbidden =
        verdict && *verdict == HookVerdict::kRespond && exchange.response().status == 403;
    if (forbidden || refused(verdict)) events::fireAuthFailure(&events, exchange, "n/a");
  }
}

}  // namespace tykpp::hooks
