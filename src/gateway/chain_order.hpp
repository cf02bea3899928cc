#pragma once
#include <vector>

#include "chain/step.hpp"

namespace tykpp::gateway {

/// The request steps in the order in which they run. The order is a contract with the reference.
const std::vector<chain::StepEntry>& requestOrder();
/// The response steps in the order in which they run.
const std::vector<chain::ResponseStepEntry>& responseOrder();

}  // namespace tykpp::gateway
