// What the gateway does for plugins and the control API beside the workers: HTTP calls, values that
// are kept, events.

#include "events/fire.hpp"
#include "gateway/gateway.hpp"
#include "gateway/plugin_fetch.hpp"

namespace tykpp::gateway {

void Gateway::fetch(std::uint32_t worker, drivers::FetchRequest request, Fetched done) {
  fetchFor(*this, *client_, worker, std::move(request), std::move(done));
}

void Gateway::storeData(std::string key, std::string value, std::chrono::seconds ttl, Stored done) {
  data_->set(std::move(key), std::move(value), ttl, std::move(done));
}

void Gateway::loadData(std::string key, Stored done) {
  data_->get(std::move(key), std::move(done));
}

void Gateway::triggerEvent(std::string name, std::string message) {
  events::fireCustom(events_->gateway(), std::move(name), std::move(message));
}

std::shared_ptr<const session::PolicySet> Gateway::policies() const {
  return identity_->policies();
}

net::Task<Result<void>> Gateway::forgetAnswers(std::string api_id) {
  return cache_->forget(std::move(api_id));
}

void Gateway::debugRequest(admin::DebugCall call, std::function<void(admin::DebugOutcome)> done) {
  debug_->run(std::move(call), std::move(done));
}

void Gateway::tokenChanged(admin::TokenChange change, std::string message, std::string org_id,
                           std::string key) {
  using events::TokenChange;
  const TokenChange event = change == admin::TokenChange::kCreated   ? TokenChange::kCreated
                            : change == admin::TokenChange::kUpdated ? TokenChange::kUpdated
                                                                     : TokenChange::kDeleted;
  events::fireToken(events_->gateway(), event, std::move(message),
                    {std::move(org_id), std::move(key)});
}

}  // namespace tykpp::gateway
