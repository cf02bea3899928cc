#include "session/key_counters.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "session/limits.hpp"

namespace tykpp::session {
namespace {

bool counted(const ApiLimit& limit) { return !limit.empty() && limit.quota_max > 0; }

void fill(ApiLimit& limit, const storage::QuotaCount& count, Uncounted uncounted) {
  if (!count.exists) {
    if (uncounted == Uncounted::kWhole) limit.quota_remaining = limit.quota_max;
    return;
  }
  limit.quota_remaining = std::max<std::int64_t>(0, limit.quota_max - count.used);
  if (count.left.count() < 0) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(count.left);
  limit.quota_renews = unixSeconds() + left.count();
}

}  // namespace

storage::StoreTask<std::int64_t> resetCounters(storage::KeyStoreClient& client,
                                               const std::string& name,
                                               const SessionData& session) {
  const std::vector<std::string> names = countersToReset(session, name);
  co_return co_await client.remove(names);
}

storage::StoreTask<bool> fillRemaining(storage::KeyStoreClient& client, const std::string& name,
                                       SessionData& session, Uncounted uncounted) {
  if (session.limit.quota_max > 0) {
    const std::string key = quotaName({}, name);
    const Result<storage::QuotaCount> count = co_await client.quotaPeek(key);
    if (!count) co_return count.error();
    fill(session.limit, *count, uncounted);
  }
  for (auto& [api_id, right] : session.access_rights) {
    if (!counted(right.limit)) continue;
    const std::string key = quotaName(right.allowance_scope, name);
    const Result<storage::QuotaCount> count = co_await client.quotaPeek(key);
    if (!count) co_return count.error();
    fill(right.limit, *count, uncounted);
  }
  co_return true;
}

}  // namespace tykpp::session
