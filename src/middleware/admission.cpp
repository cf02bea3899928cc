#include "middleware/admission.hpp"

#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "session/keyring.hpp"
#include "session/limits.hpp"

namespace tykpp::middleware {

bool admit(http::Exchange& exchange, session::Keyring& keyring,
           const std::shared_ptr<session::SessionEntry>& entry, bool becomes_identity) {
  const definition::ApiSpec& api = *exchange.api;
  const session::SessionEntry::Applied& applied = entry->applied(keyring.policies(), api.org_id);
  if (!applied) {
    TYKPP_LOG(err, "auth", "policies of a key cannot be applied: {} api_id={} request_id={}",
              applied.error().message(), log::quoted(api.api_id), exchange.requestId());
    return false;
  }
  if (!becomes_identity) return true;
  exchange.session = *applied;
  exchange.session_entry = entry;
  const session::RateHeaders numbers = session::quotaHeaders(&exchange.session->data(), api.api_id);
  exchange.limit_numbers = {numbers.limit, numbers.remaining, numbers.reset};
  return true;
}

bool givesIdentity(const definition::ApiSpec& api, std::string_view method) noexcept {
  return api.base_identity_provided_by.empty() || api.base_identity_provided_by == method;
}

}  // namespace tykpp::middleware
