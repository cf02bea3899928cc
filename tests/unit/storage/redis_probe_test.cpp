#include "storage/redis_probe.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "common/redis_server.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;
using test::freePort;
using test::hasRedis;
using test::local;
using test::LocalSocket;
using test::RedisServer;

/// Collects results and lets a test wait for them.
class Results {
 public:
  void add(const ProbeResult& result) {
    const std::lock_guard lock(mutex_);
    results_.push_back(result);
    changed_.notify_all();
  }
  /// The first `count` results; fewer after ten seconds.
  std::vector<ProbeResult> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return results_.size() >= count; });
    return results_;
  }
  /// Waits for a real probe without an error.
  bool waitForSuccess() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] {
      return !results_.empty() && results_.back().error.empty() && !results_.back().first;
    });
  }
  auto sink() {
    return [this](const ProbeResult& result) { add(result); };
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ProbeResult> results_;
};

TEST(RedisProbe, ReportsThatNothingListens) {
  Results results;
  const RedisProbe probe({{local(freePort())}, "", "", 0, 1s}, 100ms, results.sink());
  const auto seen = results.wait(2);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_TRUE(seen[0].first);
  EXPECT_FALSE(seen[1].first);
  EXPECT_NE(seen[1].error.find("Connection refused"), std::string::npos) << seen[1].error;
}

TEST(RedisProbe, ReportsAServerThatDoesNotAnswer) {
  LocalSocket silent;
  ASSERT_EQ(::listen(silent.fd(), 8), 0);
  Results results;
  const RedisProbe probe({{local(silent.port())}, "", "", 0, 5s}, 100ms, results.sink());
  const auto seen = results.wait(2);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_EQ(seen[0].error, "") << "the connection test alone succeeds";
  EXPECT_EQ(seen[1].error, "health check timed out");
}

TEST(RedisProbe, ReportsThatNoAddressIsConfigured) {
  Results results;
  const RedisProbe probe({}, 100ms, results.sink());
  const auto seen = results.wait(1);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen[0].error, "no address is configured");
}

TEST(RedisProbe, StopsAtOnceWhileAnAnswerIsDue) {
  LocalSocket silent;
  ASSERT_EQ(::listen(silent.fd(), 8), 0);
  Results results;
  const auto begin = std::chrono::steady_clock::now();
  {
    const RedisProbe probe({{local(silent.port())}, "", "secret", 0, 60s}, 60s, results.sink());
    EXPECT_GE(::accept(silent.fd(), nullptr, nullptr), 0);  // now it waits for AUTH's answer
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(results.wait(0).empty()) << "an interrupted check is not reported";
}

TEST(RedisProbe, WritesItsKeyToARealServer) {
  if (!hasRedis()) GTEST_SKIP() << "redis-server is not on PATH";
  const RedisServer server;
  Results results;
  const RedisProbe probe({{local(freePort()), local(server.port())}, "", "", 3, 2s}, 100ms,
                         results.sink());
  EXPECT_TRUE(results.waitForSuccess());
}

TEST(RedisProbe, AuthenticatesAndReportsAWrongPassword) {
  if (!hasRedis()) GTEST_SKIP() << "redis-server is not on PATH";
  const RedisServer server("right");
  Results good;
  const RedisProbe probe({{local(server.port())}, "default", "right", 0, 2s}, 100ms, good.sink());
  ASSERT_TRUE(good.waitForSuccess());
  Results bad;
  const RedisProbe wrong({{local(server.port())}, "", "wrong", 0, 2s}, 100ms, bad.sink());
  const auto seen = bad.wait(1);
  ASSERT_FALSE(seen.empty());
  EXPECT_NE(seen[0].error.find("WRONGPASS"), std::string::npos) << seen[0].error;
  Results missing;
  const RedisProbe without({{local(server.port())}, "", "", 0, 2s}, 100ms, missing.sink());
  const auto unauthenticated = missing.wait(2);
  ASSERT_GE(unauthenticated.size(), 2U);
  EXPECT_NE(unauthenticated[1].error.find("NOAUTH"), std::string::npos) << unauthenticated[1].error;
}

}  // namespace
}  // namespace tykpp::storage
