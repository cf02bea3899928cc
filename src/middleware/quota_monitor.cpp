#include "middleware/quota_monitor.hpp"

#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "events/fire.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {

std::unique_ptr<const QuotaMonitor> QuotaMonitor::create(const chain::BuildContext& build,
                                                         Of whose) {
  const definition::QuotaMonitorConfig& config = build.config.identity.monitor;
  const bool watched = whose == Of::kKeys ? config.user_keys : config.org_keys;
  if (!config.enabled || !watched || build.keyrings == nullptr) return nullptr;
  const events::Emitter* gateway = build.keyrings->gatewayEvents();
  const auto type = events::EventType::kTriggerExceeded;
  if (!events::wanted(build.events, type) && !events::wanted(gateway, type)) return nullptr;
  return std::make_unique<const QuotaMonitor>(config, build.events, gateway);
}

double reachedLimit(double usage, double global, const std::vector<double>* own) noexcept {
  if (global > 0 && usage >= global) return global;
  if (own == nullptr) return 0;
  for (const double limit : *own) {
    // The global one has been looked at; nought would hold for every request.
    if (limit > 0 && limit != global && usage >= limit) return limit;
  }
  return 0;
}

void QuotaMonitor::look(const http::Exchange& exchange, const Usage& usage) const {
  if (usage.max <= 0 || usage.renews < unixSeconds()) return;
  const double used = static_cast<double>(usage.max - usage.remaining);
  const double percent = used / static_cast<double>(usage.max) * 100;
  const double limit = reachedLimit(percent, config_.global_trigger_limit, usage.trigger_limits);
  if (limit <= 0) return;
  const events::TriggerDetails details{exchange.api->org_id, std::string(usage.key),
                                       static_cast<std::int64_t>(limit),
                                       static_cast<std::int64_t>(percent)};
  events::fireTriggerExceeded(api_, exchange, details);
  events::fireTriggerExceeded(gateway_, exchange, details);
}

}  // namespace tykpp::middleware
