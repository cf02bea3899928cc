#include "analytics/record_buffer.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <set>

#include "common/redis_server.hpp"
#include "common/store_loop.hpp"
#include "definition/analytics_config.hpp"
#include "storage/key_store.hpp"

namespace tykpp::analytics {
namespace {

using namespace std::chrono_literals;

constexpr const char* kKey = "analytics-tyk-system-analytics";

/// A buffer on a loop of its own in front of a real Redis.
class RecordBufferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::hasRedis()) GTEST_SKIP() << "no redis-server";
    redis_ = std::make_unique<test::RedisServer>();
    storage::RedisOptions options;
    options.address.addresses = {test::local(redis_->port())};
    options.address.timeout = 1s;
    options.longest_pause = 50ms;
    store_ = storage::makeRedisKeyStore(options).value();
    limits_.gather = 50ms;
    limits_.pause = 50ms;
  }
  void TearDown() override {
    if (thread_.joinable()) {
      loop_.stop();
      thread_.join();
    }
    buffer_.reset();
  }
  void start() {
    buffer_ = std::make_unique<RecordBuffer>(loop_, store_->client(loop_), config_, limits_);
    thread_ = std::thread([this] { loop_.run(); });
    ASSERT_TRUE(test::awaitUp(*store_));
  }
  void onLoop(const std::function<void()>& action) {
    std::promise<void> done;
    loop_.post([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  void add(int count) {
    onLoop([&] {
      http::TrafficRecord record;
      for (int i = 0; i < count; ++i) buffer_->add(record);
    });
  }
  void drain() {
    std::promise<void> done;
    loop_.post([&] { buffer_->drain([&] { done.set_value(); }); });
    done.get_future().wait();
  }
  RecordBuffer::Counts counts() {
    RecordBuffer::Counts counts;
    onLoop([&] { counts = buffer_->counts(); });
    return counts;
  }
  int length(const std::string& key = kKey) const {
    return std::atoi(test::redisCli(redis_->port(), "LLEN " + key).c_str());
  }

  std::unique_ptr<test::RedisServer> redis_;
  std::unique_ptr<storage::KeyStore> store_;
  definition::AnalyticsConfig config_;
  RecordBuffer::Limits limits_;
  net::Loop loop_;
  std::unique_ptr<RecordBuffer> buffer_;
  std::thread thread_;
};

TEST_F(RecordBufferTest, StoresWhatGathersAfterAMoment) {
  start();
  add(3);
  EXPECT_TRUE(test::eventually([&] { return length() == 3; }));
  add(2);
  EXPECT_TRUE(test::eventually([&] { return length() == 5; }));
  EXPECT_EQ(counts().stored, 5u);
  EXPECT_EQ(counts().dropped, 0u);
}

TEST_F(RecordBufferTest, SendsAFullBatchAtOnce) {
  limits_.batch_records = 10;
  limits_.gather = 1h;
  start();
  add(25);
  EXPECT_TRUE(test::eventually([&] { return length() >= 20; }));
  drain();
  EXPECT_EQ(length(), 25);
}

TEST_F(RecordBufferTest, DropsAndCountsWhatIsTooMuch) {
  limits_.records = 5;
  limits_.gather = 1h;
  start();
  add(8);
  EXPECT_EQ(counts().dropped, 3u);
  drain();
  EXPECT_EQ(length(), 5);
  add(1);
  drain();
  EXPECT_EQ(length(), 6) << "what was sent makes room";
}

TEST_F(RecordBufferTest, BoundsBytesAsWell) {
  limits_.bytes = 2000;  // an empty record takes about half a kilobyte
  limits_.gather = 1h;
  start();
  add(10);
  const RecordBuffer::Counts seen = counts();
  EXPECT_GE(seen.dropped, 5u);
  drain();
  EXPECT_EQ(static_cast<std::uint64_t>(length()), 10 - seen.dropped);
}

TEST_F(RecordBufferTest, KeepsRecordsWhileTheStoreIsAway) {
  start();
  add(1);
  ASSERT_TRUE(test::eventually([&] { return length() == 1; }));
  const int port = redis_->port();
  redis_.reset();
  add(4);
  EXPECT_TRUE(test::eventually([&] { return !store_->state().up; }));
  redis_ = std::make_unique<test::RedisServer>("", port);
  EXPECT_TRUE(test::eventually([&] { return length() == 4; }));
  EXPECT_EQ(counts().dropped, 0u);
}

TEST_F(RecordBufferTest, GivesUpWhereTheKeyIsNoList) {
  start();
  test::redisCli(redis_->port(), std::string("SET ") + kKey + " x");
  add(2);
  drain();
  EXPECT_EQ(counts().dropped, 2u);
  test::redisCli(redis_->port(), std::string("DEL ") + kKey);
  add(1);
  drain();
  EXPECT_EQ(length(), 1);
}

TEST_F(RecordBufferTest, DrainsWhatWaitsEvenWhereTheStoreIsGone) {
  limits_.gather = 1h;
  start();
  redis_.reset();
  add(3);
  drain();
  EXPECT_EQ(counts().dropped, 3u);
}

TEST_F(RecordBufferTest, SpreadsOverTenLists) {
  config_.enable_multiple_analytics_keys = true;
  limits_.batch_records = 1;
  start();
  for (int i = 0; i < 60; ++i) add(1);
  drain();
  int all = 0;
  std::set<int> used;
  for (int i = 0; i < 10; ++i) {
    const int here = length(std::string(kKey) + "_" + std::to_string(i));
    all += here;
    if (here > 0) used.insert(i);
  }
  EXPECT_EQ(all, 60);
  EXPECT_GT(used.size(), 3u);
  EXPECT_EQ(length(), 0);
}

}  // namespace
}  // namespace tykpp::analytics
