#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "chain/step.hpp"

namespace tykpp::definition {
struct QuotaMonitorConfig;
}

namespace tykpp::middleware {

/// Tells (`TriggerExceeded`) that a share of a quota is used up: after each request that the quota
/// let through, at most once a request. Thread: any worker. Source: `monitor` of the configuration,
/// `monitor.trigger_limits` of sessions.
class QuotaMonitor {
 public:
  enum class Of : std::uint8_t { kKeys, kOrganisations };
  /// Null when the configuration watches none of these, or nobody would hear of it: then it costs
  /// nothing.
  static std::unique_ptr<const QuotaMonitor> create(const chain::BuildContext& build, Of whose);
  QuotaMonitor(const definition::QuotaMonitorConfig& config, const events::Emitter* api,
               const events::Emitter* gateway)
      : config_(config), api_(api), gateway_(gateway) {}

  /// A quota as its counter stands after a request.
  struct Usage {
    std::int64_t max = 0;
    std::int64_t remaining = 0;
    std::int64_t renews = 0;                              ///< unix seconds
    const std::vector<double>* trigger_limits = nullptr;  ///< the session's, per cent; may be null
    std::string_view key;                                 ///< whose quota it is
  };
  void look(const http::Exchange& exchange, const Usage& usage) const;

 private:
  const definition::QuotaMonitorConfig& config_;
  const events::Emitter* api_;      ///< may be null
  const events::Emitter* gateway_;  ///< may be null
};

/// The limit that a share of a quota has reached; 0 when it has reached none.
/// @param usage  per cent
double reachedLimit(double usage, double global, const std::vector<double>* own) noexcept;

}  // namespace tykpp::middleware
