#include "storage/cache_client.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/redis_server.hpp"
#include "common/store_loop.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;

/// A worker's loop with a client of a store, asked from the test's thread.
class CacheLoop {
 public:
  CacheLoop(KeyStore& store, CacheClient::Limits limits)
      : client_(std::make_unique<CacheClient>(loop_, store, limits)),
        thread_([this] { loop_.run(); }) {}
  ~CacheLoop() {
    sync([this] { client_.reset(); });
    // What the client's coroutines still have to do takes a few turns of the loop.
    for (int turn = 0; turn < 4; ++turn) sync([] {});
    loop_.stop();
    thread_.join();
  }
  template <class Action>
  void sync(Action action) {
    std::promise<void> done;
    loop_.post([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::optional<std::string> get(const std::string& key) {
    auto promise = std::make_shared<std::promise<std::optional<std::string>>>();
    auto answer = promise->get_future();
    loop_.post([this, key, promise] { fetch(*client_, key, promise); });
    return answer.get();
  }
  void put(const std::string& key, const std::string& value, std::chrono::seconds ttl = 60s) {
    sync([&] { client_->put(key, value, ttl); });
  }
  void drain() {
    auto done = std::make_shared<std::promise<void>>();
    loop_.post([this, done] { client_->drain([done] { done->set_value(); }); });
    done->get_future().wait();
  }
  bool available() {
    bool yes = false;
    sync([&] { yes = client_->available(); });
    return yes;
  }
  CacheClient& client() { return *client_; }

 private:
  static net::Detached fetch(CacheClient& client, std::string key,
                             std::shared_ptr<std::promise<std::optional<std::string>>> promise) {
    std::optional<std::string> value = co_await client.get(key);
    promise->set_value(std::move(value));
  }
  net::Loop loop_;
  std::unique_ptr<CacheClient> client_;
  std::thread thread_;
};

class CacheClientTest : public ::testing::Test {
 protected:
  CacheClientTest() : store_(makeEmbeddedKeyStore({.file = folder_.file("cache.db")})) {
    test::awaitUp(*store_);
  }
  test::Folder folder_;
  std::unique_ptr<KeyStore> store_;
};

TEST_F(CacheClientTest, GivesBackWhatItTook) {
  CacheLoop on(*store_, {});
  EXPECT_EQ(on.get("a"), std::nullopt);
  on.put("a", "value");
  on.drain();
  EXPECT_EQ(on.get("a"), "value");
  on.sync([&] { on.client().remove("a"); });
  on.drain();
  EXPECT_EQ(on.get("a"), std::nullopt);
  EXPECT_EQ(on.client().counts().dropped, 0u);
}

TEST_F(CacheClientTest, ValuesEnd) {
  CacheLoop on(*store_, {});
  on.put("a", "value", 1s);
  on.drain();
  EXPECT_TRUE(test::eventually([&] { return !on.get("a"); }));
}

TEST_F(CacheClientTest, DropsWhatIsTooMuchAtOnce) {
  CacheClient::Limits limits;
  limits.writing_bytes = 10;
  CacheLoop on(*store_, limits);
  on.put("big", std::string(11, 'x'));
  on.drain();
  EXPECT_EQ(on.get("big"), std::nullopt);
  EXPECT_EQ(on.client().counts().dropped, 1u);
  on.put("small", std::string(10, 'x'));
  on.drain();
  EXPECT_EQ(on.get("small"), std::string(10, 'x'));
}

TEST(CacheClient, WaitsForItsPatienceAloneAndRests) {
  if (!test::hasRedis()) GTEST_SKIP() << "no redis-server";
  const test::RedisServer server;
  RedisOptions options;
  options.address.addresses = {test::local(server.port())};
  options.longest_pause = 100ms;
  const auto store = std::move(makeRedisKeyStore(options).value());
  CacheClient::Limits limits;
  limits.patience = 100ms;
  limits.rest = 300ms;
  CacheLoop on(*store, limits);
  ASSERT_TRUE(test::eventually([&] {
    on.put("a", "value");
    on.drain();
    return on.get("a") == "value";
  }));
  const auto before = on.client().counts();
  server.signal(SIGSTOP);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(on.get("a"), std::nullopt);
  EXPECT_FALSE(on.available());
  EXPECT_EQ(on.get("a"), std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s) << "less than the store's timeout";
  EXPECT_EQ(on.client().counts().late, before.late + 1);
  on.put("b", "dropped");
  EXPECT_EQ(on.client().counts().dropped, before.dropped + 1);
  server.signal(SIGCONT);
  EXPECT_TRUE(test::eventually([&] { return on.get("a") == "value"; })) << "it tries again";
  EXPECT_TRUE(on.available());
}

}  // namespace
}  // namespace tykpp::storage
