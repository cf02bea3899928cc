#include "middleware/cache_lookup.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <thread>

#include "base/clock.hpp"
#include "common/plugin_fixture.hpp"
#include "common/store_loop.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "middleware/cached_answer.hpp"
#include "session/session_state.hpp"
#include "storage/cache_client.hpp"

namespace tykpp::middleware {
namespace {

using chain::Verdict;

/// The steps of one API over a real store, run on a worker's loop.
class CacheLookupTest : public ::testing::Test {
 protected:
  CacheLookupTest() : store_(storage::makeEmbeddedKeyStore({.file = folder_.file("cache.db")})) {
    test::awaitUp(*store_);
    clients_ = std::make_unique<storage::CacheClients>(*store_, storage::CacheClient::Limits{});
    clients_->add(loop_);
    thread_ = std::thread([this] { loop_.run(); });
    rules_->timeout = 60;
    rules_->all_safe_requests = true;
    rules_->ttl_header = "X-Ttl";
    api_.api_id = "a";
    api_.cache = rules_;
  }
  ~CacheLookupTest() override {
    sync([] {});
    loop_.stop();
    thread_.join();
    clients_.reset();
  }
  chain::BuildContext build() {
    chain::BuildContext context{api_, config_, 1};
    context.cache = clients_.get();
    return context;
  }
  void sync(const std::function<void()>& action) {
    std::promise<void> done;
    loop_.post([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// What the first step says about a new request.
  Verdict look(const char* method = "GET", const char* target = "/a",
               const std::vector<std::pair<const char*, const char*>>& headers = {}) {
    lookup_ = CacheLookup::create(build()).value();
    on_.emplace(method, target);
    on_->exchange.api = &api_;
    for (const auto& [name, value] : headers) on_->exchange.request().headers.add(name, value);
    if (session_ != nullptr) on_->exchange.session = session_;
    std::promise<Verdict> verdict;
    auto answer = verdict.get_future();
    loop_.post([&] { run(*lookup_.front(), on_->exchange, verdict); });
    return answer.get();
  }
  static net::Detached run(const chain::Step& step, http::Exchange& exchange,
                           std::promise<Verdict>& out) {
    Result<Verdict> verdict = step.onRequest(exchange);
    if (verdict && *verdict == Verdict::kSuspend) verdict = co_await step.finish(exchange);
    out.set_value(*verdict);
  }
  /// The upstream's answer to it passes the second step and is stored.
  void answered(std::uint16_t status = 200, const char* body = "body",
                const std::vector<std::pair<const char*, const char*>>& headers = {}) {
    on_->exchange.response().status = status;
    for (const auto& [name, value] : headers) on_->exchange.response().headers.add(name, value);
    on_->exchange.response().setBody(body);
    const auto steps = CacheStore::create(build()).value();
    std::promise<void> stored;
    loop_.post([&] {
      EXPECT_EQ(*steps.front()->onResponse(on_->exchange), Verdict::kContinue);
      clients_->of(0).drain([&stored] { stored.set_value(); });
    });
    stored.get_future().wait();
  }
  std::string body() const { return *on_->exchange.response().body(); }
  void as(const char* token) {
    session_ =
        std::make_shared<session::SessionState>(session::SessionState::parse("{}", token).value());
  }

  test::Folder folder_;
  std::unique_ptr<storage::KeyStore> store_;
  net::Loop loop_;
  std::unique_ptr<storage::CacheClients> clients_;
  std::thread thread_;
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::CacheRules> rules_ = std::make_shared<definition::CacheRules>();
  std::shared_ptr<session::SessionState> session_;
  std::vector<std::unique_ptr<chain::Step>> lookup_;
  std::optional<test::TestExchange> on_;
};

TEST_F(CacheLookupTest, IsAbsentWhereNothingIsKept) {
  api_.cache = nullptr;
  EXPECT_TRUE(CacheLookup::create(build())->empty());
  EXPECT_TRUE(CacheStore::create(build())->empty());
  api_.cache = rules_;
  EXPECT_TRUE(CacheLookup::create({api_, config_, 1})->empty());
  EXPECT_TRUE(CacheStore::create({api_, config_, 1})->empty());
}

TEST_F(CacheLookupTest, AnswersWithWhatWasKept) {
  EXPECT_EQ(look(), Verdict::kContinue);
  answered(203, "first", {{"X-Up", "1"}, {"Content-Type", "text/plain"}});
  EXPECT_EQ(look(), Verdict::kRespond);
  EXPECT_TRUE(http::cameFromCache(on_->exchange));
  EXPECT_EQ(on_->exchange.response().status, 203);
  EXPECT_EQ(body(), "first");
  EXPECT_EQ(on_->answered("X-Up"), "1");
  EXPECT_EQ(on_->answered("X-Tyk-Cached-Response"), "1");
  EXPECT_EQ(look("GET", "/b"), Verdict::kContinue);
  EXPECT_EQ(look("HEAD"), Verdict::kContinue);
  EXPECT_EQ(look("POST"), Verdict::kContinue);
  EXPECT_EQ(on_->exchange.answer_cache, nullptr) << "answers to it are not kept";
}

TEST_F(CacheLookupTest, TellsClientsApart) {
  as("one");
  look();
  answered(200, "ones");
  as("two");
  EXPECT_EQ(look(), Verdict::kContinue);
  session_ = nullptr;
  EXPECT_EQ(look(), Verdict::kContinue);
  EXPECT_EQ(look("GET", "/a", {{"X-Real-Ip", "192.0.2.9"}}), Verdict::kContinue);
  answered(200, "of an address");
  EXPECT_EQ(look(), Verdict::kContinue);
  as("one");
  EXPECT_EQ(look(), Verdict::kRespond);
  EXPECT_EQ(body(), "ones");
}

TEST_F(CacheLookupTest, KeepsNothingForSomebodyItCannotName) {
  as("");
  EXPECT_EQ(look(), Verdict::kContinue);
  EXPECT_EQ(on_->exchange.answer_cache, nullptr);
  session_ = nullptr;
  config_.http_server_options.xff_depth = 3;
  EXPECT_EQ(look("GET", "/a", {{"X-Forwarded-For", "192.0.2.9"}}), Verdict::kContinue);
  EXPECT_EQ(on_->exchange.answer_cache, nullptr) << "the client's address is not known";
}

TEST_F(CacheLookupTest, LeavesUpgradesAlone) {
  look();
  answered();
  EXPECT_EQ(look("GET", "/a", {{"Upgrade", "websocket"}}), Verdict::kContinue);
  EXPECT_EQ(on_->exchange.answer_cache, nullptr);
}

TEST_F(CacheLookupTest, AsksEndpoints) {
  rules_->all_safe_requests = false;
  rules_->codes = {200};
  rules_->endpoints = {{{"/plain", "", ""}, true, nullptr, {}, 0},
                       {{"/put", "PUT", ""}, false, nullptr, {404}, 5}};
  EXPECT_EQ(CacheLookup::create(build()).value().front()->requestBody(), http::BodyNeed::kBuffer);
  look("OPTIONS", "/plain");
  ASSERT_NE(on_->exchange.answer_cache, nullptr);
  EXPECT_EQ(on_->exchange.answer_cache->timeout, 60);
  look("PUT", "/plain");
  EXPECT_EQ(on_->exchange.answer_cache, nullptr);
  look("PUT", "/put");
  ASSERT_NE(on_->exchange.answer_cache, nullptr);
  EXPECT_EQ(on_->exchange.answer_cache->timeout, 5);
  answered(200);
  EXPECT_EQ(look("PUT", "/put"), Verdict::kContinue);
  answered(404);
  EXPECT_EQ(look("PUT", "/put"), Verdict::kRespond);
  rules_->endpoints.pop_back();
  EXPECT_EQ(CacheLookup::create(build()).value().front()->requestBody(), http::BodyNeed::kStream);
}

TEST_F(CacheLookupTest, RefusesAPathThatCannotBeCompiled) {
  rules_->endpoints = {{{"/(", "GET", "/there"}, false, nullptr, {}, 0}};
  const auto steps = CacheLookup::create(build());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().where(), "/there/path");
}

TEST_F(CacheLookupTest, SaysThatTheClientHasIt) {
  look();
  answered(200, "body", {{"Etag", "\"v1\""}, {"Content-Type", "text/plain"}});
  EXPECT_EQ(look("GET", "/a", {{"If-None-Match", "\"v0\", \"v1\""}}), Verdict::kRespond);
  EXPECT_EQ(on_->exchange.response().status, 304);
  EXPECT_EQ(on_->exchange.response().body(), nullptr);
  EXPECT_EQ(on_->answered("Content-Type"), "");
  EXPECT_EQ(look("GET", "/a", {{"If-None-Match", "\"v\""}}), Verdict::kRespond);
  EXPECT_EQ(on_->exchange.response().status, 200);
}

TEST_F(CacheLookupTest, FetchesACodingAnewThatTheClientDoesNotTake) {
  look("GET", "/a", {{"Accept-Encoding", "br, gzip;q=0.5"}});
  answered(200, "packed", {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(look(), Verdict::kContinue);
  EXPECT_EQ(on_->exchange.response().status, 0) << "nothing of it is left";
  EXPECT_EQ(look("GET", "/a", {{"Accept-Encoding", "gzip;q=0"}}), Verdict::kContinue);
  EXPECT_EQ(look("GET", "/a", {{"Accept-Encoding", "br"}}), Verdict::kContinue);
  EXPECT_EQ(look("GET", "/a", {{"Accept-Encoding", "deflate, GZIP"}}), Verdict::kRespond);
  EXPECT_EQ(look("GET", "/a", {{"Accept-Encoding", "*"}}), Verdict::kRespond);
}

TEST_F(CacheLookupTest, KeepsWholeAnswersOfTheStatusesAskedFor) {
  for (const std::uint16_t status : std::array<std::uint16_t, 2>{206, 304}) {
    look();
    answered(status);
    EXPECT_EQ(look(), Verdict::kContinue) << status;
  }
  rules_->codes = {404};
  look();
  answered(200);
  EXPECT_EQ(look(), Verdict::kContinue);
  answered(404);
  EXPECT_EQ(look(), Verdict::kRespond);
}

TEST_F(CacheLookupTest, KeepsNothingThatIsTooLong) {
  config_.cache.max_answer_size = 4;
  look();
  answered(200, "12345");
  EXPECT_EQ(look(), Verdict::kContinue);
  answered(200, "1234");
  EXPECT_EQ(look(), Verdict::kRespond);
}

TEST_F(CacheLookupTest, FollowsTheUpstreamWhereItIsAsked) {
  const auto lifetime = [&](std::uint16_t status,
                            const std::vector<std::pair<const char*, const char*>>& headers) {
    look("GET", "/upstream");
    http::Response& response = on_->exchange.response();
    response.status = status;
    for (const auto& [name, value] : headers) response.headers.add(name, value);
    const auto steps = CacheStore::create(build()).value();
    EXPECT_EQ(*steps.front()->onResponse(on_->exchange), Verdict::kContinue);
    return on_->exchange.answer_cache->lifetime;
  };
  rules_->codes = {200};
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "7"}}), 60);
  rules_->upstream_control = true;
  EXPECT_EQ(lifetime(200, {}), 60);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "7"}}), 7);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "+7"}}), 7);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "0"}}), 0);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "-5"}}), 0);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "7s"}}), 60);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "99999999999999999999"}}), 60);
  EXPECT_EQ(lifetime(200, {{"X-Ttl", "9999999999999"}}), 10LL * 365 * 24 * 3600);
  EXPECT_EQ(lifetime(500, {{"X-Ttl", "7"}}), 0);
  EXPECT_EQ(lifetime(500, {{"X-Ttl", "7"}, {"x-tyk-cache-action-set", "1"}}), 7);
  EXPECT_EQ(lifetime(500, {{"x-tyk-cache-action-set", ""}}), 0);
  EXPECT_EQ(lifetime(200, {{"Content-Length", "99999999"}}), 0) << "too long, as it says itself";
}

TEST_F(CacheLookupTest, KeepsAStreamedBodyOnceItIsWhole) {
  look();
  http::Response& response = on_->exchange.response();
  response.status = 200;
  response.headers.add("X-Up", "1");
  const auto steps = CacheStore::create(build()).value();
  std::promise<void> stored;
  loop_.post([&] {
    EXPECT_EQ(*steps.front()->onResponse(on_->exchange), Verdict::kContinue);
    response.headers.clear();  // its memory is another request's by now
    keepAnswer(on_->exchange, "streamed", clients_->of(0));
    clients_->of(0).drain([&stored] { stored.set_value(); });
  });
  stored.get_future().wait();
  EXPECT_EQ(look(), Verdict::kRespond);
  EXPECT_EQ(body(), "streamed");
  EXPECT_EQ(on_->answered("X-Up"), "1");
}

TEST_F(CacheLookupTest, ReplacesWhatIsDamaged) {
  look();
  const std::string key(on_->exchange.answer_cache->key);
  for (const char* value : {"", "|", "garbage", "Z2FyYmFnZQ==|9999999999"}) {
    std::promise<void> stored;
    loop_.post([&] {
      clients_->of(0).put(key, value, std::chrono::seconds(60));
      clients_->of(0).drain([&stored] { stored.set_value(); });
    });
    stored.get_future().wait();
    EXPECT_EQ(look(), Verdict::kContinue) << value;
    answered();
    EXPECT_EQ(look(), Verdict::kRespond) << value;
  }
}

}  // namespace
}  // namespace tykpp::middleware
