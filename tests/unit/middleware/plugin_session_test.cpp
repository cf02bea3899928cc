#include "middleware/plugin_session.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "session/policy_set.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

class PluginSessionTest : public ::testing::Test {
 protected:
  PluginSessionTest() {
    api_.org_id = "o";
    api_.custom_auth = true;
    api_.auth = std::make_shared<definition::AuthRules>();
    driver("python");
  }
  void driver(const char* name) {
    definition::PluginRef ref;
    ref.driver = name;
    api_.hooks.auth = ref;
  }
  /// What happens when a plugin made this session.
  Result<chain::Verdict> made(const std::string& text, const std::string& token = "token") {
    request_ = std::make_unique<test::TestExchange>();
    request_->exchange.api = &api_;
    request_->exchange.session =
        std::make_shared<session::SessionState>(session::SessionData::parse(text).value(), token);
    const auto steps = PluginSession::createAfterAuth(
        {api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(), &keys_.keyrings()});
    EXPECT_EQ(steps->size(), 1u);
    return keys_.run(*steps->front(), request_->exchange);
  }
  const session::SessionData& now() const { return request_->exchange.session->data(); }
  std::optional<session::StoredSession> stored(std::string token) {
    return keys_.ask([&](session::Keyring& ring) { return ring.store().findByName(token, token); })
        .value();
  }
  definition::ApiSpec api_;
  test::KeyringLoop keys_;
  test::Fired fired_{"AuthFailure"};
  std::unique_ptr<test::TestExchange> request_;
};

TEST_F(PluginSessionTest, IsStoredUnderItsToken) {
  ASSERT_TRUE(made(R"({"alias":"me","org_id":"o"})"));
  ASSERT_NE(request_->exchange.session_entry, nullptr);
  EXPECT_EQ(request_->exchange.session_entry->key(), "token");
  EXPECT_EQ(now().alias, "me");
  ASSERT_TRUE(stored("token"));
  EXPECT_EQ(stored("token")->data.alias, "me");
}

TEST_F(PluginSessionTest, IsKnownAgain) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(made(R"({"alias":"me"})"));
    keys_.sync([] {});  // what told the caches about the write
  }
  const auto first = request_->exchange.session_entry;
  ASSERT_TRUE(made(R"({"alias":"me"})"));
  EXPECT_EQ(request_->exchange.session_entry, first);
  ASSERT_TRUE(made(R"({"alias":"you"})"));
  EXPECT_NE(request_->exchange.session_entry, first);
  EXPECT_EQ(now().alias, "you");
}

TEST_F(PluginSessionTest, TakesOverTheQuotaOfTheStoredOne) {
  keys_.put("token", R"({"quota_max":9,"quota_remaining":3,"quota_renews":77})");
  ASSERT_TRUE(made(R"({"quota_max":20,"quota_remaining":20})"));
  EXPECT_EQ(now().limit.quota_max, 20);
  EXPECT_EQ(now().limit.quota_remaining, 3);
  EXPECT_EQ(now().limit.quota_renews, 77);
}

TEST_F(PluginSessionTest, IsRefusedWhenItsPolicyIsUnknown) {
  const auto verdict = made(R"({"apply_policies":["gone"]})");
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "Forbidden");
  EXPECT_EQ(fired_.all().size(), 1u);
  driver("goplugin");
  EXPECT_EQ(made(R"({"apply_policies":["gone"]})").error().status(), 500);
  driver("otto");
  EXPECT_TRUE(made(R"({"apply_policies":["gone"]})"));
}

TEST_F(PluginSessionTest, WithoutTokenCountsForItsRequestAlone) {
  ASSERT_TRUE(made(R"({"alias":"me"})", ""));
  EXPECT_NE(request_->exchange.session_entry, nullptr);
  EXPECT_FALSE(stored(""));
}

TEST_F(PluginSessionTest, HasNoPlaceWithoutPlugins) {
  api_.custom_auth = false;
  const chain::BuildContext build{api_,    keys_.config,     1, nullptr, nullptr,
                                  nullptr, &keys_.keyrings()};
  EXPECT_TRUE(PluginSession::createAfterAuth(build)->empty());
  EXPECT_TRUE(PluginSession::createAfterPostAuth(build)->empty());
  api_.hooks.post_auth.emplace_back();
  EXPECT_EQ(PluginSession::createAfterPostAuth(build)->size(), 1u);
  api_.use_keyless = true;
  EXPECT_TRUE(PluginSession::createAfterPostAuth(build)->empty());
}

}  // namespace
}  // namespace tykpp::middleware
