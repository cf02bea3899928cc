#pragma once
// The moving allowance of a smoothed limit in the store: a hash beside the limit's counter, changed
// under a lock.

#include "session/limits.hpp"
#include "session/rate_rule.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::session {

/// What the store has, `threshold` when that is nothing. The rule must live until the task is over.
storage::StoreTask<double> allowanceOf(storage::KeyStoreClient& client, const RateRule& rule);

/// The allowance for a request, moved if it is time to. Who cannot get the lock takes it as it is.
/// @param count  requests in the window
storage::StoreTask<SmoothingStep> moveAllowance(storage::KeyStoreClient& client,
                                                const RateRule& rule, double count);

}  // namespace tykpp::session
