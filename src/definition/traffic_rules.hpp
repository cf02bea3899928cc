#pragma once
// What is recorded of an API's requests, as its definition says it. Field comments name the Classic
// field.

#include <cstdint>
#include <string>
#include <vector>

namespace tykpp::definition {

struct TrafficRules {
  std::vector<std::string> tags;         ///< `tags`, also where `tags_disabled`
  std::vector<std::string> tag_headers;  ///< lower case; one in other letters finds no header
  std::int64_t expire_after = 0;         ///< `expire_analytics_after`, seconds; nought: 100 years
  bool detailed = false;                 ///< `enable_detailed_recording`
};

}  // namespace tykpp::definition
