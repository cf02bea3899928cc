#include "session/lifetime.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tykpp::session {
namespace {

constexpr std::int64_t kNow = 1'000'000;

struct LifetimeCase {
  const char* what;
  LifetimeRules rules;
  ApiLifetime api;
  const char* action;
  std::int64_t grace;
  std::int64_t expires;
  std::int64_t session_lifetime;
  std::int64_t wanted;
};

TEST(Lifetime, FollowsTheRulesInOrder) {
  const LifetimeCase cases[] = {
      {"nothing set", {}, {}, "", 0, 0, 0, 0},
      {"the global one is forced", {true, 77, false}, {50, false}, "delete", 0, kNow + 5, 60, 77},
      {"delete without an end", {}, {50, false}, "delete", 0, 0, 60, 0},
      {"delete at the end", {}, {50, false}, "delete", 30, kNow + 5, 60, 5},
      {"delete what is over", {}, {}, "delete", 0, kNow - 5, 60, 1},
      {"retain with grace", {}, {}, "retain", 10, kNow + 5, 60, 15},
      {"retain for ever", {}, {}, "retain", -1, kNow + 5, 60, -1},
      {"retain without an end", {}, {}, "retain", -1, 0, 60, 0},
      {"retain long over", {}, {}, "retain", 10, kNow - 50, 60, 1},
      {"retain without grace is nothing", {}, {}, "retain", 0, kNow + 5, 60, 60},
      {"the session's before the API's", {}, {50, false}, "", 0, kNow + 5000, 60, 60},
      {"the API's", {}, {50, false}, "", 0, kNow + 5000, 0, 50},
      {"respected by configuration", {false, 0, true}, {50, false}, "", 0, kNow + 5000, 0, 5000},
      {"respected by the API", {}, {50, true}, "", 0, kNow + 5000, 0, 5000},
      {"respected, ends earlier", {}, {50, true}, "", 0, kNow + 5, 0, 50},
      {"respected, no end", {}, {50, true}, "", 0, -1, 0, -1},
      {"respected without a lifetime", {}, {0, true}, "", 0, kNow + 5, 0, 0}};
  for (const LifetimeCase& c : cases) {
    SessionData session;
    session.post_expiry_action = c.action;
    session.post_expiry_grace_period = c.grace;
    session.expires = c.expires;
    session.session_lifetime = c.session_lifetime;
    EXPECT_EQ(lifetime(session, c.rules, c.api, kNow), c.wanted) << c.what;
  }
}

TEST(Lifetime, TakesTheLongestOfSeveralApis) {
  SessionData session;
  session.expires = kNow + 30;
  const std::vector<ApiLifetime> plain = {{10, false}, {50, false}, {0, false}};
  EXPECT_EQ(lifetime(session, {}, plain, kNow), 50);
  session.expires = -1;
  const std::vector<ApiLifetime> endless = {{10, true}, {50, false}};
  EXPECT_EQ(lifetime(session, {}, endless, kNow), -1);
  EXPECT_EQ(lifetime(session, {}, std::span<const ApiLifetime>{}, kNow), 0);
}

}  // namespace
}  // namespace tykpp::session
