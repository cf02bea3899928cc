#include "middleware/session_check.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/clock.hpp"
#include "common/fired_events.hpp"
#include "common/plugin_fixture.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

Result<chain::Verdict> check(const std::string& session, bool ignored = false) {
  test::TestExchange on;
  on.exchange.ignore_auth = ignored;
  if (!session.empty()) {
    on.exchange.session =
        std::make_shared<session::SessionState>(*session::SessionState::parse(session, "key"));
  }
  return SessionCheck().onRequest(on.exchange);
}

void expectRefusal(const Result<chain::Verdict>& verdict, int status, const char* text) {
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), status);
  EXPECT_EQ(verdict.error().message(), text);
}

TEST(SessionCheck, LetsAValidKeyPass) {
  EXPECT_EQ(*check("{}"), chain::Verdict::kContinue);
  EXPECT_EQ(*check(R"({"expires":0})"), chain::Verdict::kContinue);
  EXPECT_EQ(*check(R"({"expires":-1})"), chain::Verdict::kContinue);
  EXPECT_EQ(*check("{\"expires\":" + std::to_string(unixSeconds() + 60) + "}"),
            chain::Verdict::kContinue);
}

TEST(SessionCheck, RefusesARequestWithoutSession) {
  expectRefusal(check(""), 400,
                "Session state is missing or unset! Please make sure that auth headers are "
                "properly applied");
}

TEST(SessionCheck, RefusesAnInactiveKeyBeforeAnExpiredOne) {
  expectRefusal(check(R"({"is_inactive":true,"expires":1})"), 403, "Key is inactive, please renew");
}

TEST(SessionCheck, RefusesAnExpiredKey) {
  expectRefusal(check(R"({"expires":1})"), 401, "Key has expired, please renew");
}

TEST(SessionCheck, DoesNotLookAtIgnoredEndpoints) {
  EXPECT_EQ(*check("", true), chain::Verdict::kContinue);
  EXPECT_EQ(*check(R"({"expires":1})", true), chain::Verdict::kContinue);
}

TEST(SessionCheck, FiresKeyExpired) {
  test::Fired fired("KeyExpired");
  const SessionCheck step(fired.emitter());
  for (const char* session : {R"({"is_inactive":true})", R"({"expires":1})", "{}"}) {
    test::TestExchange on;
    on.exchange.session =
        std::make_shared<session::SessionState>(*session::SessionState::parse(session, "the-key"));
    static_cast<void>(step.onRequest(on.exchange));
  }
  EXPECT_EQ(fired.all(),
            (std::vector<std::string>{"KeyExpired Attempted access from inactive key. the-key",
                                      "KeyExpired Attempted access from expired key. the-key"}));
}

}  // namespace
}  // namespace tykpp::middleware
