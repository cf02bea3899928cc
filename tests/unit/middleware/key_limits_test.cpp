#include "middleware/key_limits.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/limit_rules.hpp"
#include "middleware/access_rights.hpp"
#include "middleware/granular_access.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

class KeyLimitsTest : public ::testing::Test {
 protected:
  explicit KeyLimitsTest(definition::GatewayConfig config = {}) : keys_(std::move(config)) {
    api_.api_id = "a";
    api_.limits = rules_;
  }
  chain::BuildContext build() {
    return {api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(), &keys_.keyrings()};
  }
  template <class Step>
  std::unique_ptr<chain::Step> make() {
    auto steps = Step::create(build()).value();
    EXPECT_EQ(steps.size(), 1u);
    return std::move(steps.front());
  }
  /// What a step says about a request of a session; 200: it goes on.
  int status(const chain::Step& step, std::string_view target = "/l/x",
             const char* method = "GET") {
    request_ = std::make_unique<test::TestExchange>(method, target);
    http::Exchange& exchange = request_->exchange;
    exchange.api = &api_;
    exchange.listen_path_match = "/l/";
    exchange.session = session_;
    exchange.session_entry = entry_;
    exchange.ignore_auth = ignored_;
    const auto verdict = keys_.run(step, exchange);
    if (verdict) return 200;
    message_ = verdict.error().message();
    return verdict.error().status();
  }
  /// The session of the requests that follow, as authentication leaves it.
  void useSession(const std::string& text) {
    entry_ = std::make_shared<session::SessionEntry>(
        "k", "k", session::SessionData::parse(text).value(), text.size());
    session_ = entry_->applied(keys_.keyring().policies(), "").value();
  }
  std::string header(const char* name) {
    return std::string(request_->exchange.answer_headers.get(name));
  }
  definition::ApiSpec api_;
  std::shared_ptr<definition::LimitRules> rules_ = std::make_shared<definition::LimitRules>();
  test::KeyringLoop keys_;
  test::Fired fired_{"RatelimitExceeded"};
  std::unique_ptr<test::TestExchange> request_;
  std::shared_ptr<session::SessionEntry> entry_;
  std::shared_ptr<session::SessionState> session_;
  std::string message_;
  bool ignored_ = false;
};

TEST_F(KeyLimitsTest, RefusesWhatIsAboveTheRate) {
  useSession(R"({"rate":2,"per":3600})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 429);
  EXPECT_EQ(message_, "Rate Limit Exceeded");
  EXPECT_EQ(fired_.all(), std::vector<std::string>{"RatelimitExceeded Rate Limit Exceeded k"});
  EXPECT_EQ(header("X-Ratelimit-Limit"), "") << "quotas are what clients are told of";
}

TEST_F(KeyLimitsTest, CountsAQuotaAndTellsIt) {
  useSession(R"({"quota_max":2,"quota_renewal_rate":3600})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(request_->exchange.limit_numbers.limit, 2);
  EXPECT_EQ(request_->exchange.limit_numbers.remaining, 1);
  EXPECT_NEAR(static_cast<double>(request_->exchange.limit_numbers.reset),
              static_cast<double>(unixSeconds() + 3600), 2);
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 403);
  EXPECT_EQ(message_, "Quota exceeded");
}

TEST_F(KeyLimitsTest, ShowsPluginsWhatIsLeftOfTheQuota) {
  useSession(R"({"quota_max":9,"quota_remaining":9,"access_rights":{"a":{"limit":{"quota_max":5,)"
             R"("quota_renewal_rate":60},"allowance_scope":"p"},"b":{"allowance_scope":"p"}}})");
  status(*make<KeyLimits>());
  EXPECT_EQ(request_->exchange.session, session_) << "nobody looks";
  api_.hooks.post.emplace_back();
  status(*make<KeyLimits>());
  const session::SessionData& shown = request_->exchange.session->data();
  EXPECT_EQ(shown.access_rights.at("a").limit.quota_remaining, 3);
  EXPECT_GT(shown.access_rights.at("a").limit.quota_renews, unixSeconds());
  EXPECT_EQ(shown.limit.quota_remaining, 9);
  EXPECT_EQ(session_->data().access_rights.at("a").limit.quota_remaining, 0);
}

TEST_F(KeyLimitsTest, ARefusedRequestUsesUpNoQuota) {
  useSession(R"({"rate":1,"per":3600,"quota_max":9,"quota_renewal_rate":3600})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 429);
  const auto count =
      keys_.ask([](session::Keyring& ring) { return ring.client().quotaPeek("quota-k"); });
  EXPECT_EQ(count->used, 1);
}

TEST_F(KeyLimitsTest, LimitsNothingThatIsUnlimited) {
  useSession(R"({"rate":0,"per":0,"quota_max":-1})");
  const auto step = make<KeyLimits>();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status(*step), 200);
}

TEST_F(KeyLimitsTest, LooksAtNoIgnoredEndpoint) {
  ignored_ = true;
  EXPECT_EQ(status(*make<KeyLimits>()), 200);
  EXPECT_EQ(status(*make<AccessRights>()), 200);
  EXPECT_EQ(status(*make<GranularAccess>()), 200);
}

TEST_F(KeyLimitsTest, CountsOnlyWhatTheApiWantsCounted) {
  useSession(R"({"rate":1,"per":3600,"quota_max":1})");
  rules_->disable_rate_limit = true;
  const auto quota = make<KeyLimits>();
  EXPECT_EQ(status(*quota), 200);
  EXPECT_EQ(status(*quota), 403);
  rules_->disable_quota = true;
  EXPECT_TRUE(KeyLimits::create(build())->empty());
  rules_->disable_rate_limit = false;
  const auto rate = make<KeyLimits>();
  EXPECT_EQ(status(*rate), 200);
  EXPECT_EQ(status(*rate), 429);
}

TEST_F(KeyLimitsTest, CountsEndpointsOnTheirOwn) {
  useSession(R"({"rate":100,"per":60,"access_rights":{"a":{"endpoints":[{"path":"/one","methods":)"
             R"([{"name":"GET","limit":{"rate":1,"per":3600}}]}]}}})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step, "/l/one"), 200);
  EXPECT_EQ(status(*step, "/l/one"), 429);
  EXPECT_EQ(status(*step, "/l/one", "POST"), 200);
  EXPECT_EQ(status(*step, "/l/two"), 200);
}

TEST_F(KeyLimitsTest, GivesUpAfterTheRetriesOfAThrottle) {
  useSession(R"({"rate":1,"per":3600,"throttle_interval":0.01,"throttle_retry_limit":2})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 429);
  EXPECT_EQ(fired_.all().size(), 1u) << "at the first refusal alone";
}

TEST_F(KeyLimitsTest, LetsAThrottledRequestInWhenTheRateAllowsIt) {
  useSession(R"({"rate":1,"per":0.3,"throttle_interval":0.1,"throttle_retry_limit":50})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 200);
}

TEST_F(KeyLimitsTest, LimitsASessionThatAPluginMade) {
  session_ = std::make_shared<session::SessionState>(
      session::SessionState::parse(R"({"rate":1,"per":3600})", "plugged").value());
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  ASSERT_NE(request_->exchange.session_entry, nullptr);
  EXPECT_EQ(request_->exchange.session_entry->key(), "plugged");
  EXPECT_EQ(status(*step), 429);
}

TEST_F(KeyLimitsTest, TakesASessionAsAHookLeftIt) {
  useSession(R"({"rate":1,"per":3600})");
  session_ = std::make_shared<session::SessionState>(
      session::SessionState::parse(R"({"rate":3,"per":3600})", "other").value());
  const auto step = make<KeyLimits>();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 429);
  EXPECT_EQ(request_->exchange.session_entry->key(), "k") << "counted under the key's own name";
}

TEST_F(KeyLimitsTest, RefusesAPluginsSessionWhosePolicyIsGone) {
  session_ = std::make_shared<session::SessionState>(
      session::SessionState::parse(R"({"apply_policies":["gone"]})", "plugged").value());
  EXPECT_EQ(status(*make<AccessRights>()), 403);
  EXPECT_EQ(message_, "Access to this API has been disallowed");
}

TEST_F(KeyLimitsTest, KeepsOutWhoHasNoRights) {
  const auto step = make<AccessRights>();
  useSession(R"({"access_rights":{"b":{}}})");
  EXPECT_EQ(status(*step), 403);
  EXPECT_EQ(message_, "Access to this API has been disallowed");
  EXPECT_EQ(status(*make<KeyLimits>()), 429) << "without the step before it";
  useSession(R"({"access_rights":{"a":{}}})");
  EXPECT_EQ(status(*step), 200);
  useSession("{}");
  EXPECT_EQ(status(*step), 200);
}

TEST_F(KeyLimitsTest, KeepsOutOfPathsThatAreNotListed) {
  useSession(R"({"access_rights":{"a":{"allowed_urls":[{"url":"/one","methods":["GET"]}]}}})");
  const auto step = make<GranularAccess>();
  EXPECT_EQ(status(*step, "/l/one"), 200);
  EXPECT_EQ(status(*step, "/l/two"), 403);
  EXPECT_EQ(message_, "Access to this resource has been disallowed");
  EXPECT_EQ(status(*step, "/l/one", "POST"), 403);
}

TEST_F(KeyLimitsTest, IsNoPartOfKeylessApis) {
  api_.use_keyless = true;
  EXPECT_TRUE(KeyLimits::create(build())->empty());
  EXPECT_TRUE(AccessRights::create(build())->empty());
  EXPECT_TRUE(GranularAccess::create(build())->empty());
}

definition::GatewayConfig tellingRates(void (*change)(definition::RateLimiterConfig&)) {
  definition::GatewayConfig config;
  config.identity.limiter.rate_limit_response_headers = "rate_limits";
  change(config.identity.limiter);
  return config;
}

class RateHeadersTest : public KeyLimitsTest {
 protected:
  RateHeadersTest() : KeyLimitsTest(tellingRates([](auto&) {})) {}
};

TEST_F(RateHeadersTest, TellsTheRate) {
  useSession(R"({"rate":1,"per":100})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(header("X-Ratelimit-Limit"), "1");
  EXPECT_EQ(header("X-Ratelimit-Remaining"), "0");
  EXPECT_NEAR(std::stod(header("X-Ratelimit-Reset")), static_cast<double>(unixSeconds() + 100), 2);
  EXPECT_EQ(status(*step), 429);
  EXPECT_EQ(header("X-Ratelimit-Limit"), "1");
}

TEST_F(RateHeadersTest, TellsNothingOfWhatIsUnlimited) {
  useSession("{}");
  EXPECT_EQ(status(*make<KeyLimits>()), 200);
  EXPECT_EQ(header("X-Ratelimit-Limit"), "");
}

class StoreLimitsTest : public KeyLimitsTest {
 protected:
  StoreLimitsTest()
      : KeyLimitsTest(tellingRates([](auto& c) { c.enable_redis_rolling_limiter = true; })) {}
};

TEST_F(StoreLimitsTest, CountsInTheStore) {
  useSession(R"({"rate":2,"per":3600,"throttle_interval":0.01,"throttle_retry_limit":1})");
  const auto step = make<KeyLimits>();
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(header("X-Ratelimit-Remaining"), "1");
  EXPECT_EQ(status(*step), 200);
  EXPECT_EQ(status(*step), 429);
  EXPECT_EQ(header("X-Ratelimit-Remaining"), "0");
  EXPECT_EQ(fired_.all().size(), 1u);
}

}  // namespace
}  // namespace tykpp::middleware
