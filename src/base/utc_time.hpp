#pragma once
#include <ctime>
#include <string>

namespace tykpp {

/// `2026-01-02T15:04:05Z`: RFC 3339, in UTC. @param seconds  since 1970
std::string utcTimeText(std::time_t seconds);

}  // namespace tykpp
