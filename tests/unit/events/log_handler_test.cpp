#include <gtest/gtest.h>

#include "events/handlers.hpp"

namespace tykpp::events {
namespace {

Event clientEvent(const std::string& key, const std::string& path = "/a") {
  Event event;
  event.type = EventType::kAuthFailure;
  event.name = "AuthFailure";
  event.details = ClientDetails{path, "192.0.2.7", key};
  return event;
}

TEST(LogHandler, TellsKeyOriginAndPath) {
  EXPECT_EQ(logLine("P", clientEvent("abcdefgh"), false), "P:AuthFailure:****efgh:192.0.2.7:/a");
  EXPECT_EQ(logLine("P", clientEvent("abcdefgh"), true), "P:AuthFailure:abcdefgh:192.0.2.7:/a");
  EXPECT_EQ(logLine("P", clientEvent("abcd"), false), "P:AuthFailure:--:192.0.2.7:/a");
}

TEST(LogHandler, TellsABreakersState) {
  Event event;
  event.name = "BreakerReset";
  event.details = BreakerDetails{"/p", "api", true};
  EXPECT_EQ(logLine("P", event, false), "P:BreakerReset:api:/p: [STATUS] 1");
}

TEST(LogHandler, TellsTheTypeOfOthers) {
  Event event;
  event.name = "TokenCreated";
  event.details = TokenDetails{"o", "k"};
  EXPECT_EQ(logLine("P", event, false), "P:TokenCreated");
}

}  // namespace
}  // namespace tykpp::events
