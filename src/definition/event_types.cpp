#include <algorithm>
#include <array>

#include "definition/event_handlers.hpp"

namespace tykpp::definition {
namespace {

struct Row {
  EventType type;
  std::string_view name;
  bool fired;
};

/// In the order of the enumeration.
constexpr std::array<Row, 21> kRows{{
    {EventType::kAuthFailure, "AuthFailure", true},
    {EventType::kKeyExpired, "KeyExpired", true},
    {EventType::kQuotaExceeded, "QuotaExceeded", true},
    {EventType::kRateLimitExceeded, "RatelimitExceeded", true},
    {EventType::kRateLimitSmoothingUp, "RateLimitSmoothingUp", true},
    {EventType::kRateLimitSmoothingDown, "RateLimitSmoothingDown", true},
    {EventType::kOrgQuotaExceeded, "OrgQuotaExceeded", true},
    {EventType::kOrgRateLimitExceeded, "OrgRateLimitExceeded", true},
    {EventType::kVersionFailure, "VersionFailure", true},
    {EventType::kTriggerExceeded, "TriggerExceeded", true},
    {EventType::kBreakerTriggered, "BreakerTriggered", false},
    {EventType::kBreakerTripped, "BreakerTripped", false},
    {EventType::kBreakerReset, "BreakerReset", false},
    {EventType::kHostDown, "HostDown", false},
    {EventType::kHostUp, "HostUp", false},
    {EventType::kTokenCreated, "TokenCreated", true},
    {EventType::kTokenUpdated, "TokenUpdated", true},
    {EventType::kTokenDeleted, "TokenDeleted", true},
    {EventType::kCertificateExpiringSoon, "CertificateExpiringSoon", true},
    {EventType::kCertificateExpired, "CertificateExpired", true},
    {EventType::kCustom, "Custom", true},
}};

}  // namespace

std::string_view eventName(EventType type) noexcept {
  return kRows[static_cast<std::size_t>(type)].name;
}

EventType eventType(std::string_view name) noexcept {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(), [name](const Row& row) { return row.name == name; });
  return found == kRows.end() ? EventType::kCustom : found->type;
}

bool isFired(EventType type) noexcept { return kRows[static_cast<std::size_t>(type)].fired; }

}  // namespace tykpp::definition
