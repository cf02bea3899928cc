#include "session/impl/allowance.hpp"

#include <charconv>
#include <chrono>
#include <random>
#include <string>
#include <utility>

#include "session/timestamp.hpp"

namespace tykpp::session {
namespace {

constexpr std::chrono::seconds kLockTime{8};

std::string allowanceName(const RateRule& rule) { return rule.name + "-allowance"; }

Timestamp timestampNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  Timestamp at;
  at.seconds = seconds.count();
  at.nanoseconds = static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count());
  return at;
}

/// A text that tells this lock's owner from others.
std::string newOwner() {
  std::random_device random;
  return std::to_string(random()) + "-" + std::to_string(random());
}

/// The hash, read.
struct Stored {
  double allowance = 0;
  bool exists = false;
  bool due = true;  ///< it may change now
};

Stored readFields(const storage::Fields& fields, const RateSmoothing& smoothing) {
  Stored stored{static_cast<double>(smoothing.threshold), false, true};
  for (const auto& [name, value] : fields) {
    if (name == "current") {
      std::int64_t current = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), current);
      if (read.ec != std::errc{}) continue;
      stored.allowance = static_cast<double>(current);
      stored.exists = true;
    } else if (name == "nextUpdateAt") {
      const auto next = Timestamp::parse(value);
      if (!next) continue;
      const Timestamp now = timestampNow();
      stored.due =
          std::pair(now.seconds, now.nanoseconds) > std::pair(next->seconds, next->nanoseconds);
    }
  }
  return stored;
}

storage::Fields fieldsFor(double allowance, const RateSmoothing& smoothing) {
  Timestamp next = timestampNow();
  next.seconds += smoothing.delay;
  return {{"delay", std::to_string(smoothing.delay)},
          {"current", std::to_string(static_cast<std::int64_t>(allowance))},
          {"nextUpdateAt", next.text()}};
}

/// Under the lock. The hash is read again: somebody may have moved it meanwhile.
storage::StoreTask<SmoothingStep> moveLocked(storage::KeyStoreClient& client, const RateRule& rule,
                                             const std::string& name, double count) {
  const RateSmoothing& smoothing = *rule.limit.smoothing;
  Result<storage::Fields> fields = co_await client.fields(name);
  if (!fields) co_return fields.error();
  const Stored stored = readFields(*fields, smoothing);
  SmoothingStep step{stored.allowance, SmoothingStep::Change::kNone};
  if (stored.exists) {
    if (!stored.due) co_return step;
    step = smoothingStep(smoothing, rule.limit.rate, stored.allowance, count);
    if (step.change == SmoothingStep::Change::kNone) co_return step;
  }
  const storage::Fields written = fieldsFor(step.allowance, smoothing);
  const std::chrono::seconds ttl(2 * smoothing.delay);
  const Result<bool> done = co_await client.setFields(name, written, ttl);
  if (!done) co_return done.error();
  co_return step;
}

}  // namespace

storage::StoreTask<double> allowanceOf(storage::KeyStoreClient& client, const RateRule& rule) {
  const std::string name = allowanceName(rule);
  Result<storage::Fields> fields = co_await client.fields(name);
  if (!fields) co_return fields.error();
  co_return readFields(*fields, *rule.limit.smoothing).allowance;
}

storage::StoreTask<SmoothingStep> moveAllowance(storage::KeyStoreClient& client,
                                                const RateRule& rule, double count) {
  const std::string name = allowanceName(rule);
  Result<storage::Fields> fields = co_await client.fields(name);
  if (!fields) co_return fields.error();
  const Stored stored = readFields(*fields, *rule.limit.smoothing);
  SmoothingStep step{stored.allowance, SmoothingStep::Change::kNone};
  if (stored.exists) {
    if (!stored.due) co_return step;
    // Most looks at a due allowance change nothing: no lock for those.
    const SmoothingStep next =
        smoothingStep(*rule.limit.smoothing, rule.limit.rate, stored.allowance, count);
    if (next.change == SmoothingStep::Change::kNone) co_return step;
  }
  const std::string lock = rule.name + "-lock";
  const std::string owner = newOwner();
  const Result<bool> locked = co_await client.set(lock, owner, kLockTime, storage::SetIf::kAbsent);
  if (!locked) co_return locked.error();
  if (!*locked) co_return step;
  Result<SmoothingStep> moved = co_await moveLocked(client, rule, name, count);
  const Result<bool> unlocked = co_await client.removeIfEquals(lock, owner);
  if (!moved) co_return moved.error();
  if (!unlocked) co_return unlocked.error();
  co_return *moved;
}

}  // namespace tykpp::session
