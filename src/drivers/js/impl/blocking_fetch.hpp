#pragma once
// HTTP calls of a thread that may stand still: that of events.

#include <vector>

#include "base/clock.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::js {

/// Makes the calls at once and waits for all of them, until the deadline at most.
/// @return the answers in the order of the requests; kTimeout for those that are not there by then
std::vector<Result<FetchResponse>> fetchBlocking(WorkerServices& services,
                                                 std::vector<FetchRequest> requests,
                                                 Clock::time_point deadline);

}  // namespace tykpp::drivers::js
