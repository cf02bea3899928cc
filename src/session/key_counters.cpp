#include "session/key_counters.hpp"

#include <algorithm>

#include "session/limits.hpp"

namespace tykpp::session {
namespace {

bool counted(const ApiLimit& limit) { return !limit.empty() && limit.quota_max > 0; }

std::int64_t left(const ApiLimit& limit, const storage::QuotaCount& count) {
  return count.exists ? std::max<std::int64_t>(0, limit.quota_max - count.used) : limit.quota_max;
}

}  // namespace

storage::StoreTask<std::int64_t> resetCounters(storage::KeyStoreClient& client,
                                               const std::string& name,
                                               const SessionData& session) {
  const std::vector<std::string> names = countersToReset(session, name);
  co_return co_await client.remove(names);
}

storage::StoreTask<bool> fillRemaining(storage::KeyStoreClient& client, const std::string& name,
                                       SessionData& session) {
  if (session.limit.quota_max > 0) {
    const std::string key = quotaName({}, name);
    const Result<storage::QuotaCount> count = co_await client.quotaPeek(key);
    if (!count) co_return count.error();
    session.limit.quota_remaining = left(session.limit, *count);
  }
  for (auto& [api_id, right] : session.access_rights) {
    if (!counted(right.limit)) continue;
    const std::string key = quotaName(right.allowance_scope, name);
    const Result<storage::QuotaCount> count = co_await client.quotaPeek(key);
    if (!count) co_return count.error();
    right.limit.quota_remaining = left(right.limit, *count);
  }
  co_return true;
}

}  // namespace tykpp::session
