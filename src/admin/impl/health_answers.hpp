#pragma once
// `/hello` and `/ready`.

#include "admin/admin_api.hpp"

namespace tykpp::admin {

/// Always 200. Components: `redis` once it was probed, `apis` (ours) while the last load had
/// errors.
AdminReply healthAnswer(const Control& control, const HealthState& health);
/// 503 while the gateway stops, Redis is away, or no load has been completed.
AdminReply readinessAnswer(const Control& control, const HealthState& health);

}  // namespace tykpp::admin
