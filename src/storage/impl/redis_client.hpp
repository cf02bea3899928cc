#pragma once
// The client's operations as Redis commands.

#include <memory>
#include <string>

#include "storage/impl/redis_router.hpp"
#include "storage/impl/redis_scripts.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::storage {

class RedisClient final : public KeyStoreClient {
 public:
  RedisClient(net::Loop& loop, std::shared_ptr<RedisShared> shared);
  ~RedisClient() override;

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
  net::Task<Result<Reply>> run(CommandWords words, bool repeatable);
  net::Task<Result<Reply>> runScript(const RedisScript& script, View key, View second,
                                     CommandWords arguments);
  StoreTask<std::vector<std::optional<std::string>>> getEach(Words keys);
  StoreTask<std::int64_t> manyWords(View command, View key, Words words);
  net::Loop& loop_;
  std::shared_ptr<RedisShared> shared_;
  std::unique_ptr<RedisRouter> router_;
  const std::shared_ptr<bool> open_ = std::make_shared<bool>(true);  // for who waits beside us
};

/// A channel on a connection of its own.
std::unique_ptr<Subscription> makeRedisSubscription(net::Loop& loop,
                                                    std::shared_ptr<RedisShared> shared,
                                                    std::unique_ptr<RedisConnector> connector,
                                                    std::string channel, Subscriber subscriber);

// Replies as values; a reply of another shape is an error.
Result<std::int64_t> asInteger(const Result<Reply>& reply);
Result<bool> asFlag(const Result<Reply>& reply);
Result<std::optional<std::string>> asText(const Result<Reply>& reply);
Result<Texts> asTexts(const Result<Reply>& reply);
Result<std::vector<Scored>> asScored(const Result<Reply>& reply);
/// A score as Redis reads it.
std::string scoreText(double score);

}  // namespace tykpp::storage
