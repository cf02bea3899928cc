#pragma once
#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::hooks {

/// Fires AuthFailure when a plugin refused the request, by the rules of its runtime: Python, Lua
/// and gRPC at any request hook, native plugins with a 403 of their own (its key is then `n/a`),
/// JavaScript never.
void noteRefusal(const events::Emitter& events, const http::Exchange& exchange, drivers::Hook hook,
                 const definition::PluginRef& ref, const definition::CredentialSource& source,
                 const Result<drivers::HookVerdict>& verdict);

}  // namespace tykpp::hooks
