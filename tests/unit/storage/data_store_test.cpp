#include "storage/data_store.hpp"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

#include "common/redis_server.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;
using test::freePort;
using test::hasRedis;
using test::local;
using test::RedisServer;

Result<std::string> waitFor(std::future<Result<std::string>> answer) {
  if (answer.wait_for(15s) != std::future_status::ready) {
    return Error(Errc::kTimeout, "the store never called back");
  }
  return answer.get();
}

Result<std::string> set(DataStore& store, std::string key, std::string value,
                        std::chrono::seconds ttl = 0s) {
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  auto answer = promise->get_future();
  store.set(std::move(key), std::move(value), ttl,
            [promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  return waitFor(std::move(answer));
}

Result<std::string> get(DataStore& store, std::string key) {
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  auto answer = promise->get_future();
  store.get(std::move(key),
            [promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  return waitFor(std::move(answer));
}

void keepsBytes(DataStore& store) {
  const std::string bytes("a\0b\r\n\xff", 6);
  ASSERT_TRUE(set(store, "key", bytes));
  EXPECT_EQ(get(store, "key").value(), bytes);
  ASSERT_TRUE(set(store, "key", "other"));
  EXPECT_EQ(get(store, "key").value(), "other");
  const auto missing = get(store, "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Errc::kNotFound);
}

void forgets(DataStore& store) {
  ASSERT_TRUE(set(store, "brief", "x", 1s));
  EXPECT_TRUE(get(store, "brief"));
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (get(store, "brief") && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_FALSE(get(store, "brief"));
}

TEST(MemoryDataStore, KeepsBytes) { keepsBytes(*makeMemoryDataStore()); }
TEST(MemoryDataStore, ForgetsWhatHasEnded) { forgets(*makeMemoryDataStore()); }

TEST(MemoryDataStore, MakesRoomForNewValues) {
  const auto store = makeMemoryDataStore();
  ASSERT_TRUE(set(*store, "ends first", "x", 3600s));
  for (int i = 0; i < 100'000; ++i) {
    store->set("key" + std::to_string(i), "x", 0s, [](const Result<std::string>&) {});
  }
  EXPECT_FALSE(get(*store, "ends first"));
  EXPECT_TRUE(get(*store, "key99999"));
}

class RedisDataStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!hasRedis()) GTEST_SKIP() << "redis-server is not installed";
  }
  /// The server needs a moment to listen: the first write is tried until it works.
  static void awaitServer(DataStore& store) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!set(store, "ready", "1") && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(20ms);
    }
  }
};

TEST_F(RedisDataStore, KeepsBytesAndForgets) {
  const RedisServer server;
  const auto store = makeRedisDataStore({{local(server.port())}, "", "", 0, 2s});
  awaitServer(*store);
  keepsBytes(*store);
  forgets(*store);
}

TEST_F(RedisDataStore, LogsInAndSelectsItsDatabase) {
  const RedisServer server("secret");
  const auto store = makeRedisDataStore({{local(server.port())}, "", "secret", 3, 2s});
  awaitServer(*store);
  ASSERT_TRUE(set(*store, "key", "three"));
  const auto other = makeRedisDataStore({{local(server.port())}, "", "secret", 0, 2s});
  EXPECT_FALSE(get(*other, "key"));
  const auto wrong = makeRedisDataStore({{local(server.port())}, "", "guess", 0, 2s});
  const auto refused = get(*wrong, "key");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("WRONGPASS"), std::string::npos)
      << refused.error().message();
  EXPECT_EQ(refused.error().message().find("guess"), std::string::npos);
}

TEST_F(RedisDataStore, ConnectsAnewWhenTheServerComesBack) {
  auto server = std::make_unique<RedisServer>();
  const int port = server->port();
  const auto store = makeRedisDataStore({{local(port)}, "", "", 0, 2s});
  awaitServer(*store);
  server.reset();
  const auto lost = get(*store, "ready");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Errc::kIo);
  server = std::make_unique<RedisServer>("", port);
  awaitServer(*store);
  EXPECT_TRUE(get(*store, "ready"));
}

TEST(RedisDataStoreWithoutServer, TellsWhatIsWrong) {
  const auto store = makeRedisDataStore({{local(freePort())}, "", "", 0, 1s});
  const auto answer = set(*store, "key", "x");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("Connection refused"), std::string::npos)
      << answer.error().message();
}

}  // namespace
}  // namespace tykpp::storage
