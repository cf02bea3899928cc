#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "common/redis_server.hpp"
#include "common/store_loop.hpp"
#include "storage/impl/redis_slots.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;
using test::awaitUp;
using test::eventually;
using test::redisCli;
using test::RedisServer;
using test::StoreLoop;
using Client = KeyStoreClient;

RedisOptions optionsFor(int port) {
  RedisOptions options;
  options.address.addresses = {test::local(port)};
  options.address.timeout = 2s;
  options.longest_pause = 200ms;
  options.subscribe_pause = 200ms;
  return options;
}

std::unique_ptr<KeyStore> storeFor(RedisOptions options) {
  return std::move(makeRedisKeyStore(std::move(options)).value());
}

Result<bool> putRedis(StoreLoop& loop, std::string key, std::string value = "x") {
  return loop.ask([&](Client& c) { return c.set(key, value, 0s, SetIf::kAlways); });
}
Result<std::optional<std::string>> readRedis(StoreLoop& loop, std::string key) {
  return loop.ask([&](Client& c) { return c.get(key); });
}

class RedisStore : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::hasRedis()) GTEST_SKIP() << "redis-server is not installed";
  }
};

TEST_F(RedisStore, WritesWhatTheOriginalReads) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(loop.ask([](Client& c) { return c.set("apikey-1", "{}", 60s, SetIf::kAlways); }));
  EXPECT_EQ(redisCli(server.port(), "get apikey-1"), "{}");
  EXPECT_GT(std::stoi(redisCli(server.port(), "ttl apikey-1")), 50);
  loop.ask([](Client& c) { return c.quotaStep("quota-1", 5, 60s); });
  loop.ask([](Client& c) { return c.quotaStep("quota-1", 5, 60s); });
  EXPECT_EQ(redisCli(server.port(), "get quota-1"), "2");
  EXPECT_GT(std::stoi(redisCli(server.port(), "ttl quota-1")), 50);
  // The original counts with INCR: the next step of ours goes on from there.
  EXPECT_EQ(redisCli(server.port(), "incr quota-1"), "3");
  EXPECT_EQ(loop.ask([](Client& c) { return c.quotaStep("quota-1", 5, 60s); })->used, 4);
}

TEST_F(RedisStore, WaitsForAnOriginalGatewayThatHoldsTheLock) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_EQ(redisCli(server.port(), "set quota-1-lock other"), "OK");
  auto answer = loop.begin([](Client& c) { return c.quotaStep("quota-1", 5, 60s); });
  ASSERT_TRUE(putRedis(loop, "barrier"));
  EXPECT_EQ(redisCli(server.port(), "exists quota-1"), "0") << "not counted before the other's SET";
  redisCli(server.port(), "set quota-1 1 EX 60");  // its SET 0 and INCR
  redisCli(server.port(), "del quota-1-lock");
  EXPECT_EQ(answer.get()->used, 2);
}

TEST_F(RedisStore, LogsInSelectsItsDatabaseAndNamesAWrongPassword) {
  const RedisServer server("secret");
  RedisOptions options = optionsFor(server.port());
  options.address.password = "secret";
  options.address.database = 3;
  const auto store = storeFor(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
  ASSERT_TRUE(putRedis(loop, "key"));
  EXPECT_EQ(redisCli(server.port(), "-a secret -n 3 exists key"), "1");
  options.address.password = "guess";
  const auto wrong = storeFor(options);
  StoreLoop refused(*wrong);
  ASSERT_TRUE(eventually([&] {
    return wrong->state().reason.find("WRONGPASS") != std::string::npos;
  })) << wrong->state().reason;
  EXPECT_FALSE(wrong->state().up);
  EXPECT_EQ(wrong->state().reason.find("guess"), std::string::npos);
  EXPECT_FALSE(putRedis(refused, "key"));
}

TEST_F(RedisStore, IsDownAtStartAndComesUpByItself) {
  const int port = test::freePort();
  const auto store = storeFor(optionsFor(port));
  std::atomic<int> ups{0};
  store->onChange([&](const StoreState& state) { ups += state.up ? 1 : 0; });
  StoreLoop loop(*store);
  const auto lost = putRedis(loop, "key");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Errc::kIo);
  EXPECT_NE(lost.error().message().find("refused"), std::string::npos) << lost.error().message();
  EXPECT_FALSE(store->state().up);
  const RedisServer server("", port);
  ASSERT_TRUE(awaitUp(*store));
  EXPECT_TRUE(putRedis(loop, "key"));
  EXPECT_EQ(ups, 1);
}

TEST_F(RedisStore, ConnectsAnewToAServerThatCameBackEmpty) {
  auto server = std::make_unique<RedisServer>();
  const int port = server->port();
  const auto store = storeFor(optionsFor(port));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(putRedis(loop, "key"));
  ASSERT_TRUE(loop.ask([](Client& c) { return c.quotaStep("quota-1", 5, 60s); }));
  server.reset();
  ASSERT_TRUE(eventually([&] { return !store->state().up; }));
  const auto begin = Clock::now();
  EXPECT_FALSE(putRedis(loop, "key"));
  EXPECT_LT(Clock::now() - begin, 1s) << "while it is down nothing waits for the timeout";
  server = std::make_unique<RedisServer>("", port);
  ASSERT_TRUE(awaitUp(*store));
  EXPECT_EQ(readRedis(loop, "key").value(), std::nullopt);
  EXPECT_EQ(loop.ask([](Client& c) { return c.quotaStep("quota-1", 5, 60s); })->used, 1)
      << "the scripts are gone, too: EVAL brings them back";
}

TEST_F(RedisStore, GivesUpOnAServerThatHearsButDoesNotAnswer) {
  const RedisServer server;
  RedisOptions options = optionsFor(server.port());
  options.address.timeout = 500ms;
  const auto store = storeFor(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  server.signal(SIGSTOP);
  const auto late = putRedis(loop, "key");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::kTimeout) << late.error().message();
  EXPECT_TRUE(eventually([&] { return !store->state().up; }));
  server.signal(SIGCONT);
  EXPECT_TRUE(awaitUp(*store));
  EXPECT_TRUE(eventually([&] { return bool(putRedis(loop, "key")); }));
}

TEST_F(RedisStore, WaitsForASlowServer) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  EXPECT_EQ(redisCli(server.port(), "client pause 1000"), "OK");
  EXPECT_TRUE(putRedis(loop, "key"));
  EXPECT_TRUE(store->state().up);
}

TEST_F(RedisStore, SaysThatMemoryIsFullAndGoesOnReading) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(putRedis(loop, "key"));
  redisCli(server.port(), "config set maxmemory 1");
  const auto full = putRedis(loop, "other");
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message().find("OOM"), std::string::npos);
  EXPECT_EQ(readRedis(loop, "key").value(), "x");
  redisCli(server.port(), "config set maxmemory 0");
  EXPECT_TRUE(putRedis(loop, "other"));
}

TEST_F(RedisStore, PipelinesCommandsOfOneTurn) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  std::vector<std::future<Result<std::int64_t>>> answers;
  for (int i = 0; i < 2000; ++i) {
    answers.push_back(loop.begin([](Client& c) { return c.increment("n"); }));
  }
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get().value(), i + 1) << "in their order";
  }
}

TEST_F(RedisStore, LimitsWhatWaits) {
  const RedisServer server;
  RedisOptions options = optionsFor(server.port());
  options.max_waiting = 10;
  const auto store = storeFor(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  server.signal(SIGSTOP);
  std::vector<std::future<Result<bool>>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(loop.begin([](Client& c) { return c.exists("key"); }));
  }
  ASSERT_EQ(answers.back().wait_for(1s), std::future_status::ready);
  EXPECT_EQ(answers.back().get().error().code(), Errc::kForbidden);
  server.signal(SIGCONT);
  EXPECT_TRUE(answers.front().get());
}

TEST_F(RedisStore, ResumesWhatWaitsWhenTheClientGoes) {
  const RedisServer server;
  const auto store = storeFor(optionsFor(server.port()));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  server.signal(SIGSTOP);
  auto answer = loop.begin([](Client& c) { return c.exists("key"); });
  loop.dropClient();
  ASSERT_EQ(answer.wait_for(5s), std::future_status::ready);
  EXPECT_EQ(answer.get().error().code(), Errc::kShuttingDown);
  server.signal(SIGCONT);
}

TEST_F(RedisStore, SubscribesAgainAfterABreak) {
  auto server = std::make_unique<RedisServer>();
  const int port = server->port();
  const auto store = storeFor(optionsFor(port));
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  std::atomic<int> ready{0};
  std::atomic<int> messages{0};
  std::unique_ptr<Subscription> subscription;
  loop.sync([&] {
    subscription = loop.client().subscribe(
        "channel", {[&](std::string_view) { ++messages; }, [&] { ++ready; }});
  });
  ASSERT_TRUE(eventually([&] { return ready == 1; }));
  server.reset();
  server = std::make_unique<RedisServer>("", port);
  ASSERT_TRUE(eventually([&] { return ready == 2; }));
  EXPECT_EQ(redisCli(port, "publish channel x"), "1");
  EXPECT_TRUE(eventually([&] { return messages == 1; }));
  loop.sync([&] { subscription.reset(); });
}

/// A server with TLS and certificates made for it.
class RedisWithTls : public RedisStore {
 protected:
  void SetUp() override {
    RedisStore::SetUp();
    if (IsSkipped()) return;
    const std::string make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext "
        "subjectAltName=IP:127.0.0.1 -keyout " +
        folder_.file("key.pem") + " -out " + folder_.file("cert.pem") + " 2>/dev/null";
    if (std::system(make.c_str()) != 0) GTEST_SKIP() << "openssl is not installed";
    const std::string port = std::to_string(port_);
    server_ = std::make_unique<RedisServer>(
        "", test::freePort(),
        std::vector<std::string>{"--tls-port", port, "--tls-cert-file", folder_.file("cert.pem"),
                                 "--tls-key-file", folder_.file("key.pem"), "--tls-ca-cert-file",
                                 folder_.file("cert.pem"), "--tls-auth-clients", clients_});
  }
  RedisOptions options() {
    RedisOptions options = optionsFor(port_);
    options.tls.enabled = true;
    return options;
  }
  test::Folder folder_;
  std::string clients_ = "yes";
  const int port_ = test::freePort();
  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisWithTls, SpeaksTlsWithACertificateOfItsOwn) {
  RedisOptions with = options();
  with.tls.ca_file = with.tls.cert_file = folder_.file("cert.pem");
  with.tls.key_file = folder_.file("key.pem");
  const auto store = storeFor(with);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
  const std::string large(3'000'000, 'x');
  ASSERT_TRUE(putRedis(loop, "large", large));
  EXPECT_EQ(readRedis(loop, "large").value(), large);
}

TEST_F(RedisWithTls, RefusesACertificateNobodyVouchesFor) {
  const auto store = storeFor(options());
  StoreLoop loop(*store);
  ASSERT_TRUE(eventually([&] {
    return store->state().reason.find("certificate") != std::string::npos;
  })) << store->state().reason;
}

TEST_F(RedisStore, NamesTlsFilesThatCannotBeUsed) {
  RedisOptions options = optionsFor(1);
  options.tls.enabled = true;
  options.tls.ca_file = "/nonexistent/ca.pem";
  const auto bad = makeRedisKeyStore(options);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code(), Errc::kBadConfig);
  EXPECT_NE(bad.error().message().find("ca_file"), std::string::npos);
  options.tls.min_version = "1.9";
  EXPECT_FALSE(makeRedisKeyStore(options));
}

/// Three masters on this machine.
class RedisCluster : public RedisStore {
 protected:
  void SetUp() override {
    RedisStore::SetUp();
    if (IsSkipped()) return;
    std::string nodes;
    for (int i = 0; i < 3; ++i) {
      const std::string bus = std::to_string(test::freePort());
      servers_.push_back(std::make_unique<RedisServer>(
          "", test::freePort(),
          std::vector<std::string>{"--cluster-enabled", "yes", "--cluster-config-file",
                                   folder_.file("node" + std::to_string(i)), "--cluster-port", bus,
                                   "--cluster-node-timeout", "2000"}));
      nodes += " " + test::local(servers_.back()->port());
    }
    for (const auto& server : servers_) {
      ASSERT_TRUE(eventually([&] { return redisCli(server->port(), "ping") == "PONG"; }));
    }
    redisCli(servers_[0]->port(), "--cluster create" + nodes + " --cluster-yes");
    ASSERT_TRUE(eventually([&] {
      return redisCli(servers_[2]->port(), "cluster info").find("cluster_state:ok") !=
             std::string::npos;
    }));
  }
  test::Folder folder_;
  std::vector<std::unique_ptr<RedisServer>> servers_;
};

TEST_F(RedisCluster, SendsEachKeyToItsOwner) {
  RedisOptions options = optionsFor(servers_[1]->port());
  options.cluster = true;
  const auto store = storeFor(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
  Texts keys;
  for (int i = 0; i < 60; ++i) {
    keys.push_back("apikey-" + std::to_string(i));
    const auto written = putRedis(loop, keys.back(), std::to_string(i));
    ASSERT_TRUE(written) << written.error().message();
  }
  const auto values = loop.ask([&](Client& c) { return c.getMany(keys); }).value();
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(values[i], std::to_string(i));
  std::set<std::string> found;
  std::string from;
  do {
    KeyPage page = loop.ask([&](Client& c) { return c.scan("apikey-", from); }).value();
    found.insert(page.keys.begin(), page.keys.end());
    from = page.next;
  } while (!from.empty());
  EXPECT_EQ(found.size(), keys.size()) << "the keys of all masters";
  for (int i = 1; i <= 3; ++i) {
    const auto step = loop.ask([](Client& c) { return c.quotaStep("quota-k", 2, 60s); });
    ASSERT_TRUE(step) << step.error().message();
    EXPECT_EQ(step->blocked, i == 3);
  }
  EXPECT_EQ(loop.ask([&](Client& c) { return c.remove(keys); }).value(), 60);
}

TEST_F(RedisCluster, FollowsASlotThatMoves) {
  RedisOptions options = optionsFor(servers_[0]->port());
  options.cluster = true;
  const auto store = storeFor(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(putRedis(loop, "foo", "1"));
  const auto id = [&](int i) { return redisCli(servers_[std::size_t(i)]->port(), "cluster myid"); };
  const std::string slot = std::to_string(slotOf("foo"));
  int owner = 0;
  while (redisCli(servers_[std::size_t(owner)]->port(), "get foo") != "1") ++owner;
  const int target = (owner + 1) % 3;
  const int owner_port = servers_[std::size_t(owner)]->port();
  const int target_port = servers_[std::size_t(target)]->port();
  redisCli(target_port, "cluster setslot " + slot + " importing " + id(owner));
  redisCli(owner_port, "cluster setslot " + slot + " migrating " + id(target));
  redisCli(owner_port, "migrate 127.0.0.1 " + std::to_string(target_port) + " foo 0 2000");
  EXPECT_EQ(readRedis(loop, "foo").value(), "1") << "while it moves: ASK";
  redisCli(target_port, "cluster setslot " + slot + " node " + id(target));
  redisCli(owner_port, "cluster setslot " + slot + " node " + id(target));
  EXPECT_EQ(readRedis(loop, "foo").value(), "1") << "afterwards: MOVED";
  ASSERT_TRUE(putRedis(loop, "foo", "2"));
  EXPECT_EQ(redisCli(target_port, "get foo"), "2");
}

TEST_F(RedisStore, AsksSentinelsWhoIsMasterAndFollowsAFailover) {
  auto master = std::make_unique<RedisServer>();
  const std::string master_port = std::to_string(master->port());
  const RedisServer replica(
      "", 0, {"--replicaof", "127.0.0.1 " + master_port, "--repl-diskless-sync-delay", "0"});
  const test::Folder folder;
  const int sentinel_port = test::freePort();
  std::ofstream(folder.file("sentinel.conf"))
      << "port " << sentinel_port << "\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 "
      << master_port << " 1\nsentinel down-after-milliseconds mymaster 500\n"
      << "sentinel failover-timeout mymaster 2000\n";
  const pid_t sentinel = ::fork();
  if (sentinel == 0) {
    const std::string file = folder.file("sentinel.conf");
    ::execlp("redis-server", "redis-server", file.c_str(), "--sentinel", "--loglevel", "warning",
             nullptr);
    ::_exit(127);
  }
  RedisOptions options = optionsFor(sentinel_port);
  options.master_name = "mymaster";
  const auto store = storeFor(options);
  {
    StoreLoop loop(*store);
    EXPECT_TRUE(awaitUp(*store)) << store->state().reason;
    EXPECT_TRUE(putRedis(loop, "key"));
    EXPECT_TRUE(eventually([&] {
      return redisCli(sentinel_port, "sentinel replicas mymaster").find("slave") !=
                 std::string::npos &&
             redisCli(replica.port(), "get key") == "x";
    }));
    master.reset();
    EXPECT_TRUE(eventually([&] { return bool(putRedis(loop, "after")); }, 40s))
        << store->state().reason;
    EXPECT_EQ(redisCli(replica.port(), "get after"), "x");
  }
  ::kill(sentinel, SIGKILL);
  ::waitpid(sentinel, nullptr, 0);
}

TEST(RedisSlots, AreThoseOfTheClusterSpecification) {
  EXPECT_EQ(slotOf("123456789"), 12739);
  EXPECT_EQ(slotOf("foo"), 12182);
  EXPECT_EQ(slotOf("{user1000}.following"), slotOf("{user1000}.followers"));
  EXPECT_EQ(slotOf("foo{bar}{zap}"), slotOf("bar"));
  EXPECT_NE(slotOf("foo{}{bar}"), slotOf("bar"));
}

TEST(RedisSlots, ReadRedirections) {
  const Endpoint asked{"10.0.0.1", 7000};
  const Redirect moved = parseRedirect("MOVED 3999 127.0.0.1:6381", asked);
  EXPECT_EQ(moved.kind, Redirect::Kind::kMoved);
  EXPECT_EQ(moved.slot, 3999);
  EXPECT_EQ(moved.to, (Endpoint{"127.0.0.1", 6381}));
  EXPECT_EQ(parseRedirect("ASK 1 :6381", asked).to, (Endpoint{"10.0.0.1", 6381}));
  EXPECT_EQ(parseRedirect("MOVED 99999 a:1", asked).kind, Redirect::Kind::kNone);
  EXPECT_EQ(parseRedirect("ERR no", asked).kind, Redirect::Kind::kNone);
}

TEST(RedisEndpoint, ReadsAddresses) {
  EXPECT_EQ(parseEndpoint("db:7000"), (Endpoint{"db", 7000}));
  EXPECT_EQ(parseEndpoint("db"), (Endpoint{"db", 6379}));
  EXPECT_EQ(parseEndpoint("[::1]:7000"), (Endpoint{"::1", 7000}));
  EXPECT_EQ(parseEndpoint("::1"), (Endpoint{"::1", 6379}));
  EXPECT_EQ(parseEndpoint(":7000"), (Endpoint{"127.0.0.1", 7000}));
  EXPECT_EQ((Endpoint{"::1", 1}).text(), "[::1]:1");
}

}  // namespace
}  // namespace tykpp::storage
