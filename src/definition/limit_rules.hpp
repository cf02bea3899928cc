#pragma once
// How often and how much clients of an API may send, as the definition says it; what keys and
// policies say is in the session. Field comments name the Classic field.

#include "definition/endpoint_pattern.hpp"

namespace tykpp::definition {

struct LimitRules {
  EndpointMatching matching;  ///< of every path pattern of the API
  bool disable_rate_limit = false;
  bool disable_quota = false;
  bool dont_set_quota_on_create = false;
};

}  // namespace tykpp::definition
