#pragma once
// What a loop asks the store: keys, collections, limiter steps, messages. Every operation is a lazy
// task on the client's loop, bounded by the store's timeout and by its limit on waiting operations.
//
// Views and spans passed in must live until the task is over. Errors of all operations: kTimeout
// (it may have happened all the same), kIo (the store is down or refuses; the text says why),
// kForbidden (too much waits already), kBadRequest (the key holds another type), kShuttingDown.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/task.hpp"
#include "storage/limiter_steps.hpp"

namespace tykpp::net {
class Loop;
}

namespace tykpp::storage {

/// When a value is written.
enum class SetIf : std::uint8_t { kAlways, kAbsent, kPresent };

/// How long a key lives.
struct Lifetime {
  bool exists = false;
  std::chrono::milliseconds left{-1};  ///< negative: for good
};

/// A part of the list of keys.
struct KeyPage {
  std::vector<std::string> keys;  ///< one may come twice in Redis; maybe none although more follow
  std::string next;               ///< where to go on; empty: this was the last page
};

/// A member of a sorted set.
struct Scored {
  std::string member;
  double score = 0;
  bool operator==(const Scored&) const = default;
};

/// Keeps a subscription alive; ends it when destroyed. Thread: its loop's.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

/// What a subscription calls, on the client's loop.
struct Subscriber {
  std::function<void(std::string_view message)> message;
  /// May be empty. The subscription stands, at first or again; messages meanwhile are lost.
  std::function<void()> ready;
};

template <class T>
using StoreTask = net::Task<Result<T>>;
using Texts = std::vector<std::string>;
using Words = std::span<const std::string>;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Thread: its loop's. Times to live of zero or less mean for good.
class KeyStoreClient {
 public:
  using View = std::string_view;
  using Seconds = std::chrono::seconds;
  virtual ~KeyStoreClient() = default;

  virtual StoreTask<std::optional<std::string>> get(View key) = 0;
  /// In the order of the keys.
  virtual StoreTask<std::vector<std::optional<std::string>>> getMany(Words keys) = 0;
  /// Replaces value and time to live. @return whether the condition was met
  virtual StoreTask<bool> set(View key, View value, Seconds ttl, SetIf condition) = 0;
  /// Keys of any kind, counters included. @return how many there were
  virtual StoreTask<std::int64_t> remove(Words keys) = 0;
  /// Removes the key if it holds this text: the end of a lock. @return whether it did
  virtual StoreTask<bool> removeIfEquals(View key, View value) = 0;
  virtual StoreTask<Lifetime> lifetime(View key) = 0;
  virtual StoreTask<bool> exists(View key) = 0;
  /// @return whether the key exists
  virtual StoreTask<bool> expire(View key, Seconds ttl) = 0;
  /// Adds one to a number kept as text; a missing key counts as 0. @return the new number
  virtual StoreTask<std::int64_t> increment(View key) = 0;
  /// Keys that begin with `prefix`. @param from  empty at first, then KeyPage::next
  virtual StoreTask<KeyPage> scan(View prefix, View from) = 0;

  /// Appends. @return the list's length
  virtual StoreTask<std::int64_t> push(View key, Words values) = 0;
  /// @param first,last  places from 0, both included; negative ones count from the end
  virtual StoreTask<Texts> range(View key, std::int64_t first, std::int64_t last) = 0;
  /// Every item equal to `value`. @return how many
  virtual StoreTask<std::int64_t> removeItem(View key, View value) = 0;

  virtual StoreTask<std::int64_t> addMembers(View key, Words members) = 0;
  virtual StoreTask<std::int64_t> removeMembers(View key, Words members) = 0;
  virtual StoreTask<Texts> members(View key) = 0;

  /// @return whether the member is new
  virtual StoreTask<bool> addScored(View key, View member, double score) = 0;
  virtual StoreTask<std::int64_t> removeScored(View key, Words members) = 0;
  /// Scores from `low` to `high`, both included; infinities allowed. @return how many
  virtual StoreTask<std::int64_t> removeByScore(View key, double low, double high) = 0;
  /// In the order of scores, then of members; places as in range().
  virtual StoreTask<std::vector<Scored>> rangeScored(View key, std::int64_t first,
                                                     std::int64_t last) = 0;
  virtual StoreTask<std::vector<Scored>> rangeByScore(View key, double low, double high) = 0;

  virtual StoreTask<Fields> fields(View key) = 0;
  virtual StoreTask<bool> setFields(View key, const Fields& fields, Seconds ttl) = 0;

  /// Counts one request. `max` <= 0 is for the caller to leave out; `renewal` <= 0: the counter
  /// never ends. A key without an end counts as ended while `renewal` is above 0.
  virtual StoreTask<QuotaStep> quotaStep(View key, std::int64_t max, Seconds renewal) = 0;
  virtual StoreTask<QuotaCount> quotaPeek(View key) = 0;
  /// @param now_ns  unix nanoseconds
  virtual StoreTask<SlidingLogStep> slidingLog(View key, std::int64_t now_ns,
                                               std::chrono::nanoseconds per,
                                               std::int64_t limit) = 0;
  /// Requests in a sliding log's window; none is logged.
  virtual StoreTask<std::int64_t> slidingLogCount(View key, std::int64_t now_ns,
                                                  std::chrono::nanoseconds per) = 0;
  virtual StoreTask<FixedWindowStep> fixedWindow(View key, std::int64_t now_ns,
                                                 std::chrono::nanoseconds per) = 0;
  /// The sentinel's flag (`….BLOCKED`): whether it stands, and to raise it unless it does.
  virtual StoreTask<bool> flagged(View key) = 0;
  virtual StoreTask<bool> flag(View key, Seconds ttl) = 0;

  /// @return how many subscribers got it, as far as the store knows
  virtual StoreTask<std::int64_t> publish(View channel, View message) = 0;
  virtual std::unique_ptr<Subscription> subscribe(std::string channel, Subscriber subscriber) = 0;
};

}  // namespace tykpp::storage
