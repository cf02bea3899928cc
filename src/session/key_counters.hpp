#pragma once
// The counters in the store that belong to a key, for those who edit keys. Counting itself is in
// limits.hpp.

#include <cstdint>
#include <string>

#include "session/session_data.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::session {

/// Removes what countersToReset() names. @param name  the session's in the store, without prefix
/// @return how many there were. @error the store's
storage::StoreTask<std::int64_t> resetCounters(storage::KeyStoreClient& client,
                                               const std::string& name, const SessionData& session);

/// What becomes of the numbers of a quota that has no counter.
enum class Uncounted : std::uint8_t { kWhole, kKept };

/// Sets `quota_remaining` and `quota_renews` at the root and in each right from what was counted.
/// @error the store's; the session may be changed in part then
storage::StoreTask<bool> fillRemaining(storage::KeyStoreClient& client, const std::string& name,
                                       SessionData& session, Uncounted uncounted);

}  // namespace tykpp::session
