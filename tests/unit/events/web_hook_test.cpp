// Web hooks against a real HTTP server.

#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "client/client.hpp"
#include "common/http_server.hpp"
#include "common/redis_server.hpp"
#include "event_fixture.hpp"
#include "events/fire.hpp"
#include "events/handlers.hpp"
#include "storage/data_store.hpp"

namespace tykpp::events {
namespace {

using PlainJson = nlohmann::json;

class WebHookTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new tykpp::test::HttpServer; }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  WebHookTest() {
    spec_.event = "AuthFailure";
    spec_.kind = definition::EventHandlerKind::kWebHook;
    spec_.name = "hook";
    spec_.method = "POST";
    spec_.target = server_->url("/record/" + name());
  }
  ~WebHookTest() override { bus_.stop(); }
  static std::string name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  /// Makes the handler. @return what is wrong with it
  std::string make() {
    MadeWebHook made = hooks_.make(spec_, config_);
    auto table = std::make_shared<HandlerTable>();
    table->add("api", "AuthFailure", made.handler);
    bus_.use(table);
    return made.problem;
  }
  void fire(const char* target = "/api/a", const char* key = "key") {
    test::Request request("GET", target);
    fireAuthFailure(&emitter_, request.exchange, key);
  }
  /// Waits until nothing is under way.
  void settle() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (bus_.pending() > 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(bus_.pending(), 0U);
  }
  /// What the receiver got.
  PlainJson received() {
    settle();
    return ask("/recorded/" + name());
  }
  /// The server's answer, JSON.
  PlainJson ask(const std::string& path) {
    client::Request ask;
    ask.url = server_->url(path);
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<client::Response>> answer;
    client_.send(ask, [&](Result<client::Response> got) {
      const std::lock_guard lock(mutex);
      answer = std::move(got);
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return answer.has_value(); });
    return *answer ? PlainJson::parse((*answer)->body) : PlainJson();
  }

  static tykpp::test::HttpServer* server_;
  tykpp::test::ScratchFolder folder_;
  definition::GatewayConfig config_;
  definition::EventHandler spec_;
  std::unique_ptr<storage::DataStore> store_ = storage::makeMemoryDataStore();
  client::HttpClient client_;
  WebHooks hooks_{client_, *store_};
  Bus bus_;
  Emitter emitter_{bus_, "api", "org", test::handlersOf({"AuthFailure"})};
};

tykpp::test::HttpServer* WebHookTest::server_ = nullptr;

TEST_F(WebHookTest, SendsTheDefaultBody) {
  spec_.headers = {{"X-Secret", "s"}};
  EXPECT_EQ(make(), "");
  fire("/api/a", "k\"+");
  const PlainJson got = received();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["method"], "POST");
  EXPECT_EQ(got[0]["body"],
            "\n{\n    \"event\": \"AuthFailure\",\n    \"message\": \"Auth Failure\",\n"
            "    \"path\": \"/api/a\",\n    \"origin\": \"192.0.2.7\",\n"
            "    \"key\": \"k&#34;&#43;\"\n}\n\n\n");
  const PlainJson& headers = got[0]["headers"];
  EXPECT_EQ(headers["User-Agent"], "Tyk-Hookshot");
  EXPECT_EQ(headers["Content-Type"], "application/json");
  EXPECT_EQ(headers["X-Secret"], "s");
}

TEST_F(WebHookTest, KeepsHeadersOfItsOwn) {
  spec_.method = "PUT";
  spec_.headers = {{"user-agent", "mine"}, {"content-type", "text/x"}};
  EXPECT_EQ(make(), "");
  fire();
  const PlainJson got = received();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["method"], "PUT");
  EXPECT_EQ(got[0]["headers"]["user-agent"], "mine");
  EXPECT_EQ(got[0]["headers"]["content-type"], "text/x");
  EXPECT_FALSE(got[0]["headers"].contains("User-Agent"));
}

TEST_F(WebHookTest, UsesATemplate) {
  spec_.template_file = folder_.write("hook.txt", R"({{.Type}} {{.Meta.Path}} {{.Meta.Key}})");
  EXPECT_EQ(make(), "");
  fire();
  const PlainJson got = received();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["body"], "AuthFailure /api/a key");
  EXPECT_FALSE(got[0]["headers"].contains("Content-Type"));
}

TEST_F(WebHookTest, UsesTheDefaultOfTheTemplateFolder) {
  folder_.write("default_webhook.json", "own {{.Type}}");
  config_.template_path = folder_.path();
  EXPECT_EQ(make(), "");
  fire();
  const PlainJson got = received();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]["body"], "own AuthFailure");
  EXPECT_EQ(got[0]["headers"]["Content-Type"], "application/json");
}

TEST_F(WebHookTest, FallsBackToTheDefaultAndSaysSo) {
  spec_.template_file = folder_.write("bad.json", "x\n{{nope}}");
  EXPECT_NE(make().find("line 2: there is no function nope"), std::string::npos);
  fire();
  const PlainJson got = received();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_NE(got[0]["body"].get<std::string>().find("\"event\": \"AuthFailure\""),
            std::string::npos);
  spec_.template_file = folder_.file("missing.json");
  EXPECT_NE(make().find("missing.json"), std::string::npos);
  const auto problems = fileProblems({spec_}, config_, "one.json");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].file, "one.json");
}

TEST_F(WebHookTest, SendsEqualRequestsOnce) {
  EXPECT_EQ(make(), "");
  for (int i = 0; i < 20; ++i) fire();
  settle();
  fire();
  fire("/api/b");
  const PlainJson got = received();
  EXPECT_EQ(got.size(), 2U);
}

TEST_F(WebHookTest, SendsThemAgainBehindTheirTime) {
  spec_.cooldown = std::chrono::seconds(1);
  EXPECT_EQ(make(), "");
  fire();
  fire();
  settle();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // the time that is tested
  fire();
  EXPECT_EQ(received().size(), 2U);
}

/// A storage that remembers the keys it is asked about, and may be down.
class WatchedStore final : public storage::DataStore {
 public:
  void set(std::string key, std::string value, std::chrono::seconds ttl, Done done) override {
    set_key = key;
    set_value = std::move(value);
    set_ttl = ttl;
    done(down ? Result<std::string>(Error(Errc::kIo, "down")) : std::string{});
  }
  void get(std::string key, Done done) override {
    asked = key;
    done(Error(down ? Errc::kIo : Errc::kNotFound, "no"));
  }
  bool down = false;
  std::string asked, set_key, set_value;
  std::chrono::seconds set_ttl{-1};
};

TEST_F(WebHookTest, RemembersWhatWasSentInTheStorage) {
  WatchedStore store;
  WebHooks hooks(client_, store);
  spec_.cooldown = std::chrono::seconds(60);
  auto table = std::make_shared<HandlerTable>();
  table->add("api", "AuthFailure", hooks.make(spec_, config_).handler);
  bus_.use(table);
  fire();
  EXPECT_EQ(received().size(), 1U);
  EXPECT_EQ(store.asked.substr(0, 14), "webhook.cache.");
  EXPECT_EQ(store.asked.size(), 14U + 32U);
  EXPECT_EQ(store.set_key, store.asked);
  EXPECT_EQ(store.set_value, "1");
  EXPECT_EQ(store.set_ttl.count(), 60);
}

TEST_F(WebHookTest, SendsWithoutAStorageThatAnswers) {
  WatchedStore store;
  store.down = true;
  WebHooks hooks(client_, store);
  auto table = std::make_shared<HandlerTable>();
  table->add("api", "AuthFailure", hooks.make(spec_, config_).handler);
  bus_.use(table);
  fire();
  EXPECT_EQ(received().size(), 1U);
}

TEST_F(WebHookTest, SharesWhatWasSentWithOtherNodes) {
  if (!tykpp::test::hasRedis()) GTEST_SKIP() << "no redis-server";
  const tykpp::test::RedisServer redis;
  const storage::RedisAddress address{
      {tykpp::test::local(redis.port())}, "", "", 0, std::chrono::seconds(2)};
  const auto one = storage::makeRedisDataStore(address);
  const auto other = storage::makeRedisDataStore(address);
  const auto up = [&one] {
    std::promise<bool> answer;
    one->set("ready", "1", std::chrono::seconds(0),
             [&answer](const Result<std::string>& done) { answer.set_value(bool(done)); });
    return answer.get_future().get();
  };
  while (!up()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (const auto& store : {one.get(), other.get()}) {
    WebHooks hooks(client_, *store);
    auto table = std::make_shared<HandlerTable>();
    table->add("api", "AuthFailure", hooks.make(spec_, config_).handler);
    bus_.use(table);
    fire();
    settle();
  }
  EXPECT_EQ(received().size(), 1U);
  bus_.stop();
}

TEST_F(WebHookTest, GivesUpWithoutASecondTry) {
  spec_.target = server_->url("/status/500");
  EXPECT_EQ(make(), "");
  fire();
  settle();
  EXPECT_EQ(ask("/seen/status/500"), 1);
  spec_.target = "http://127.0.0.1:1/";
  EXPECT_EQ(make(), "");
  fire();
  settle();
}

TEST_F(WebHookTest, DeliversMoreThanItSendsAtOnce) {
  EXPECT_EQ(make(), "");
  for (int i = 0; i < 100; ++i) fire(("/api/" + std::to_string(i)).c_str());
  EXPECT_EQ(received().size(), 100U);
}

}  // namespace
}  // namespace tykpp::events
