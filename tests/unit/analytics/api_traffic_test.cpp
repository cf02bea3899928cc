#include "analytics/api_traffic.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/traffic_rules.hpp"
#include "definition/version_rules.hpp"
#include "http/upstream_change.hpp"
#include "session/session_state.hpp"

namespace tykpp::analytics {
namespace {

class ApiTrafficTest : public ::testing::Test {
 protected:
  ApiTrafficTest() {
    api_.api_id = "shop";
    api_.name = "Shop";
    api_.org_id = "acme";
    api_.strip_listen_path = true;
    api_.target.host_header = "backend:8080";
    api_.traffic = rules_;
    on_.exchange.listen_path_match = "/shop/";
    on_.exchange.response().status = 200;
    on_.exchange.upstream_time = std::chrono::microseconds(5900);
  }
  void hasSession(const char* json, const char* token = "secret") {
    on_.exchange.session =
        std::make_shared<session::SessionState>(session::SessionState::parse(json, token).value());
  }
  http::TrafficRecord filled(Ending ending = Ending::kUpstream) {
    const ApiTraffic traffic(api_, std::make_shared<const TrafficSettings>(config_));
    http::TrafficRecord record;
    traffic.fill(on_.exchange, ending, std::chrono::microseconds(7200), clock_, record);
    return record;
  }
  http::TrafficRecord stored(Ending ending = Ending::kUpstream) {
    const ApiTraffic traffic(api_, std::make_shared<const TrafficSettings>(config_));
    http::TrafficRecord record = filled(ending);
    traffic.complete(on_.exchange, record);
    return record;
  }
  bool isDetailed() {
    return ApiTraffic(api_, std::make_shared<const TrafficSettings>(config_))
        .isDetailed(on_.exchange);
  }
  bool isRecorded() {
    return ApiTraffic(api_, std::make_shared<const TrafficSettings>(config_)).records(on_.exchange);
  }
  static std::vector<std::string> tags(const http::TrafficRecord& record) {
    return {record.tags.begin(), record.tags.end()};
  }

  test::TestExchange on_{"GET", "/shop/a%20b?q=1"};
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::TrafficRules> rules_ = std::make_shared<definition::TrafficRules>();
  LocalClock clock_;
};

using Texts = std::vector<std::string>;

TEST_F(ApiTrafficTest, TellsOfTheRequestAndItsAnswer) {
  on_.exchange.request().headers.add("User-Agent", "curl/8");
  const http::TrafficRecord record = filled();
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.host, "backend:8080");
  EXPECT_EQ(record.path, "/a b");
  EXPECT_EQ(record.raw_path, "/a b");
  EXPECT_EQ(record.user_agent, "curl/8");
  EXPECT_EQ(record.api_id, "shop");
  EXPECT_EQ(record.api_name, "Shop");
  EXPECT_EQ(record.org_id, "acme");
  EXPECT_EQ(record.api_version, "Non Versioned");
  EXPECT_EQ(record.ip_address, "192.0.2.7");
  EXPECT_EQ(record.response_code, 200);
  EXPECT_EQ(record.content_length, 0);
  EXPECT_EQ(record.track_path, 0);
  EXPECT_EQ(record.request_time_ms, 7);
  EXPECT_EQ(record.latency_upstream_us, 5900);
  EXPECT_EQ(record.latency_gateway_us, 2000) << "whole milliseconds add up";
}

TEST_F(ApiTrafficTest, CutsTheListenPathUnlessAStepAnswered) {
  EXPECT_EQ(filled(Ending::kError).path, "/a b");
  EXPECT_EQ(filled(Ending::kError).latency_upstream_us, 0);
  EXPECT_EQ(filled(Ending::kStep).path, "/shop/a b");
  api_.strip_listen_path = false;
  EXPECT_EQ(filled().path, "/shop/a b");
}

TEST_F(ApiTrafficTest, TellsOfTheRequestThatTheUpstreamGot) {
  http::UpstreamChange& change = http::upstreamChangeOf(on_.exchange);
  change.method = "POST";
  change.setUrl("/shop/new%20place?r=2", on_.exchange.arena());
  http::TrafficRecord record = filled();
  EXPECT_EQ(record.method, "POST");
  EXPECT_EQ(record.path, "/new place");
  EXPECT_EQ(record.host, "backend:8080");
  change.setUrl("https://elsewhere:8443/x", on_.exchange.arena());
  record = filled();
  EXPECT_EQ(record.host, "elsewhere:8443");
  EXPECT_EQ(record.path, "/x");
}

TEST_F(ApiTrafficTest, NamesTheVersion) {
  api_.version_name = "v1";
  EXPECT_EQ(filled().api_version, "v1");
  api_.version_name.clear();
  auto rules = std::make_shared<definition::VersionRules>();
  rules->own_name = "main";
  api_.versioning = rules;
  EXPECT_EQ(filled().api_version, "main");
}

TEST_F(ApiTrafficTest, KnowsNoLengthOfChunks) {
  on_.exchange.request().framing = http::BodyFraming::kChunked;
  EXPECT_EQ(filled().content_length, -1);
}

TEST_F(ApiTrafficTest, TakesATrackedEndpointsPath) {
  on_.exchange.tracked_path = "/tracked/{id}";
  const http::TrafficRecord record = filled();
  EXPECT_EQ(record.path, "/tracked/{id}");
  EXPECT_EQ(record.raw_path, "/a b");
  EXPECT_EQ(record.track_path, 1);
}

TEST_F(ApiTrafficTest, NormalisesThePathAlone) {
  config_.analytics.normalise_urls = {true, false, false, false, {"a b"}};
  const http::TrafficRecord record = filled();
  EXPECT_EQ(record.path, "/{var}");
  EXPECT_EQ(record.raw_path, "/a b");
}

TEST_F(ApiTrafficTest, TagsWithSessionHeadersAndApi) {
  rules_->tags = {"apitag"};
  rules_->tag_headers = {"x-team", "X-Other", "host"};
  on_.exchange.request().headers.add("X-Team", "blue");
  on_.exchange.request().headers.add("x-team", "red");
  on_.exchange.request().headers.add("X-Other", "no");
  hasSession(R"({"alias":"me","oauth_client_id":"client","tags":["t1"],"apply_policies":["p1"],
                 "meta_data":{"tyk_developer_id":"d1","other":"x"}})");
  const http::TrafficRecord record = filled();
  EXPECT_EQ(tags(record), (Texts{"t1", "pol-p1", "dev-d1", "x-team-blue", "x-team-red", "apitag"}));
  EXPECT_EQ(record.alias, "me");
  EXPECT_EQ(record.oauth_id, "client");
  EXPECT_EQ(record.api_key, "secret") << "plugins see the key";
}

TEST_F(ApiTrafficTest, StoresTheHashOfAKey) {
  config_.identity.keys.hash_keys = true;
  EXPECT_EQ(stored().api_key, "00000000");
  EXPECT_EQ(tags(stored()), (Texts{"key-00000000", "org-acme", "api-shop"}));
  hasSession("{}");
  const http::TrafficRecord record = stored();
  EXPECT_EQ(record.api_key.size(), 8u);
  EXPECT_NE(record.api_key, "00000000");
  EXPECT_EQ(tags(record)[0], "key-" + std::string(record.api_key));
}

TEST_F(ApiTrafficTest, StoresPlainKeysWhereNoneAreHashed) {
  api_.org_id.clear();
  EXPECT_EQ(tags(stored()), (Texts{"api-shop"}));
  hasSession("{}");
  EXPECT_EQ(tags(stored()), (Texts{"key-secret", "api-shop"}));
}

TEST_F(ApiTrafficTest, AddsTheNodesTagsWhereNodesAreSegmented) {
  config_.identity.cluster.node_tags = {"node1"};
  EXPECT_EQ(tags(stored()), (Texts{"org-acme", "api-shop"}));
  config_.identity.cluster.node_is_segmented = true;
  EXPECT_EQ(tags(stored()), (Texts{"node1", "org-acme", "api-shop"}));
}

TEST_F(ApiTrafficTest, ExpiresAsTheApiWants) {
  http::TrafficRecord record = filled();
  EXPECT_EQ(record.expire_at - record.timestamp, 36500LL * 24 * 3600);
  rules_->expire_after = 90;
  record = filled();
  EXPECT_EQ(record.expire_at - record.timestamp, 90);
}

TEST_F(ApiTrafficTest, RecordsNothingOfIgnoredAddresses) {
  EXPECT_TRUE(isRecorded());
  config_.analytics.ignored_ips = {"10.9.9.9"};
  EXPECT_TRUE(isRecorded());
  on_.exchange.request().headers.add("X-Real-IP", "10.9.9.9");
  EXPECT_FALSE(isRecorded());
}

TEST_F(ApiTrafficTest, RecordsNothingThatAStepTookOut) {
  on_.exchange.unrecorded = true;
  EXPECT_FALSE(isRecorded());
}

TEST_F(ApiTrafficTest, IsDetailedByGatewayApiOrKey) {
  EXPECT_FALSE(isDetailed());
  config_.analytics.enable_detailed_recording = true;
  EXPECT_TRUE(isDetailed());
  config_.analytics.enable_detailed_recording = false;
  rules_->detailed = true;
  EXPECT_TRUE(isDetailed());
  rules_->detailed = false;
  for (const char* session :
       {R"({"enable_detail_recording":true})", R"({"enable_detailed_recording":true})"}) {
    hasSession(session);
    EXPECT_TRUE(isDetailed()) << session;
  }
  on_.exchange.request().headers.add("Upgrade", "websocket");
  EXPECT_FALSE(isDetailed());
}

TEST(LocalClock, AgreesWithTheCalendar) {
  LocalClock clock;
  for (const std::int64_t when : {1767366245LL, 1767366246LL, 1767369845LL, 0LL, 1767366245LL}) {
    const std::time_t time = when;
    std::tm expected{};
    ::localtime_r(&time, &expected);
    const std::tm& given = clock.at(when);
    EXPECT_EQ(given.tm_mday, expected.tm_mday);
    EXPECT_EQ(given.tm_hour, expected.tm_hour);
    EXPECT_EQ(given.tm_year, expected.tm_year);
  }
}

}  // namespace
}  // namespace tykpp::analytics
