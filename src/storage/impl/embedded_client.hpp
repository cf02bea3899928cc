#pragma once
// The client's operations on the embedded store: limiter steps in memory, everything else as a job
// of the file's thread unless the value is in memory.

#include <coroutine>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "storage/impl/embedded_engine.hpp"
#include "storage/impl/local_channels.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::storage {

class EmbeddedClient final : public KeyStoreClient {
 public:
  EmbeddedClient(net::Loop& loop, Engine& engine, std::shared_ptr<LocalChannels> channels)
      : loop_(loop),
        gate_(std::make_shared<LoopGate>(loop)),
        engine_(engine),
        channels_(std::move(channels)) {}
  ~EmbeddedClient() override;

  StoreTask<std::optional<std::string>> get(View key) override;
  StoreTask<std::vector<std::optional<std::string>>> getMany(Words keys) override;
  StoreTask<bool> set(View key, View value, Seconds ttl, SetIf condition) override;
  StoreTask<std::int64_t> remove(Words keys) override;
  StoreTask<bool> removeIfEquals(View key, View value) override;
  StoreTask<Lifetime> lifetime(View key) override;
  StoreTask<bool> exists(View key) override;
  StoreTask<bool> expire(View key, Seconds ttl) override;
  StoreTask<std::int64_t> increment(View key) override;
  StoreTask<KeyPage> scan(View prefix, View from) override;
  StoreTask<std::int64_t> push(View key, Words values) override;
  StoreTask<Texts> range(View key, std::int64_t first, std::int64_t last) override;
  StoreTask<std::int64_t> removeItem(View key, View value) override;
  StoreTask<std::int64_t> addMembers(View key, Words members) override;
  StoreTask<std::int64_t> removeMembers(View key, Words members) override;
  StoreTask<Texts> members(View key) override;
  StoreTask<bool> addScored(View key, View member, double score) override;
  StoreTask<std::int64_t> removeScored(View key, Words members) override;
  StoreTask<std::int64_t> removeByScore(View key, double low, double high) override;
  StoreTask<std::vector<Scored>> rangeScored(View key, std::int64_t first,
                                             std::int64_t last) override;
  StoreTask<std::vector<Scored>> rangeByScore(View key, double low, double high) override;
  StoreTask<Fields> fields(View key) override;
  StoreTask<bool> setFields(View key, const Fields& fields, Seconds ttl) override;
  StoreTask<QuotaStep> quotaStep(View key, std::int64_t max, Seconds renewal) override;
  StoreTask<QuotaCount> quotaPeek(View key) override;
  StoreTask<SlidingLogStep> slidingLog(View key, std::int64_t now_ns, std::chrono::nanoseconds per,
                                       std::int64_t limit) override;
  StoreTask<std::int64_t> slidingLogCount(View key, std::int64_t now_ns,
                                          std::chrono::nanoseconds per) override;
  StoreTask<FixedWindowStep> fixedWindow(View key, std::int64_t now_ns,
                                         std::chrono::nanoseconds per) override;
  StoreTask<bool> flagged(View key) override;
  StoreTask<bool> flag(View key, Seconds ttl) override;
  StoreTask<std::int64_t> publish(View channel, View message) override;
  std::unique_ptr<Subscription> subscribe(std::string channel, Subscriber subscriber) override;

 private:
  /// A coroutine that waits for its job, at most as long as the store's timeout.
  class Waiting;
  template <class T>
  class ClientJob;
  template <class T>
  using Action = std::function<Result<T>(Work&)>;
  template <class T>
  StoreTask<T> perform(bool writes, Action<T> action);
  StoreTask<bool> loadCounter(View key);
  StoreTask<StoredCounter> count(View key, std::chrono::milliseconds period);

  net::Loop& loop_;
  const std::shared_ptr<LoopGate> gate_;
  Engine& engine_;
  std::shared_ptr<LocalChannels> channels_;
  std::list<Waiting*> waiting_;
};

}  // namespace tykpp::storage
