#include "session/session_state.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp::session {
namespace {

TEST(SessionState, ReadsTheFieldsTheGatewayUses) {
  auto state = SessionState::parse(
      R"({"alias":"ann","org_id":"o1","expires":1700000000,"is_inactive":true,"tags":["a","b"],)"
      R"("meta_data":{"plan":"gold","seats":3,"more":{"x":[1]}},"rate":0,"per":0,"quota_max":-1})",
      "token-1");
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(state->token(), "token-1");
  EXPECT_EQ(state->alias(), "ann");
  EXPECT_EQ(state->orgId(), "o1");
  EXPECT_EQ(state->expires(), 1700000000);
  EXPECT_TRUE(state->inactive());
  EXPECT_EQ(state->tags(), (std::vector<std::string>{"a", "b"}));
  const std::vector<std::pair<std::string, std::string>> metadata = {
      {"more", R"({"x":[1]})"}, {"plan", "gold"}, {"seats", "3"}};
  EXPECT_EQ(state->metadata(), metadata);
}

TEST(SessionState, KeepsTheTextItWasGiven) {
  const std::string text = R"( {"alias" : "ann", "unknown": 7} )";
  EXPECT_EQ(SessionState::parse(text, "t")->json(), text);
}

TEST(SessionState, TreatsNullAsAbsent) {
  auto state = SessionState::parse(
      R"({"alias":null,"tags":null,"meta_data":null,"access_rights":null})", "");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->alias(), "");
  EXPECT_TRUE(state->tags().empty());
}

TEST(SessionState, RefusesTextThatIsNoObject) {
  for (const char* text : {"", "{", "[]", "7", "\"x\"", "{\"a\":1}}", "\xff"}) {
    auto state = SessionState::parse(text, "t");
    ASSERT_FALSE(state) << text;
    EXPECT_EQ(state.error().code(), Errc::kBadRequest);
  }
}

TEST(SessionState, NamesTheFieldOfAWrongType) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"expires":"soon"})", "/expires"},
      {R"({"expires":1.5})", "/expires"},
      {R"({"expires":18446744073709551615})", "/expires"},
      {R"({"is_inactive":"no"})", "/is_inactive"},
      {R"({"alias":1})", "/alias"},
      {R"({"tags":"a"})", "/tags"},
      {R"({"tags":[1]})", "/tags/0"},
      {R"({"meta_data":[]})", "/meta_data"},
      {R"({"org_id":{}})", "/org_id"}};
  for (const auto& [text, where] : cases) {
    auto state = SessionState::parse(text, "t");
    ASSERT_FALSE(state) << text;
    EXPECT_EQ(state.error().where(), where);
  }
}

TEST(SessionState, RefusesWhatNobodyEnforces) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"hmac_enabled":true})", "/hmac_enabled"}};
  for (const auto& [text, where] : cases) {
    auto state = SessionState::parse(text, "t");
    ASSERT_FALSE(state) << text;
    EXPECT_EQ(state.error().code(), Errc::kNotBuilt);
    EXPECT_EQ(state.error().where(), where);
  }
}

TEST(SessionState, AcceptsTheSameFieldsWhenTheyAskForNothing) {
  EXPECT_TRUE(SessionState::parse(
      R"({"rate":0,"quota_max":-1,"access_rights":{},"apply_policies":[],"apply_policy_id":"",)"
      R"("monitor":{"trigger_limits":null},"hmac_enabled":false,"certificate":""})",
      "t"));
}

TEST(SessionState, TakesLimitsAndRights) {
  EXPECT_TRUE(SessionState::parse(
      R"({"rate":1,"per":1,"quota_max":2,"access_rights":{"a":{}},"apply_policies":["p"]})", "t"));
  EXPECT_FALSE(SessionState::parse(R"({"certificate":"x"})", "t"));
}

TEST(SessionState, TakesStoredSessionsWithTheirLimits) {
  auto data = SessionData::parse(R"({"rate":5,"per":1,"meta_data":{"b":2,"a":"x"},"alias":"ann"})");
  ASSERT_TRUE(data);
  const SessionState state(*data, "t");
  EXPECT_EQ(state.data(), *data);
  EXPECT_EQ(state.token(), "t");
  EXPECT_EQ(state.alias(), "ann");
  EXPECT_EQ(state.json(), R"({"rate":5,"per":1,"meta_data":{"a":"x","b":2},"alias":"ann"})");
  const std::vector<std::pair<std::string, std::string>> metadata = {{"a", "x"}, {"b", "2"}};
  EXPECT_EQ(state.metadata(), metadata);
}

TEST(SessionState, ExpiresWhenItsSecondBegins) {
  auto state = SessionState::parse(R"({"expires":100})", "t");
  EXPECT_FALSE(state->expiredAt(99));
  EXPECT_TRUE(state->expiredAt(100));
  EXPECT_FALSE(SessionState::parse(R"({"expires":0})", "t")->expiredAt(101));
  EXPECT_FALSE(SessionState::parse(R"({"expires":-1})", "t")->expiredAt(101));
}

}  // namespace
}  // namespace tykpp::session
