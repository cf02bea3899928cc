#include "session/limiter_nodes.hpp"

#include <gtest/gtest.h>

namespace tykpp::session {
namespace {

using namespace std::chrono_literals;

std::string notice(const char* id, const char* tags = "") {
  return std::string(R"({"HostName":"h","ID":")") + id +
         R"(","LoadPerSec":3,"Percentage":0,"TagHash":")" + tags + "\"}";
}

TEST(LimiterNodes, SaysWhoItIs) {
  EXPECT_EQ(LimiterNodes("solo-1", "h", {}).announcement(7),
            R"({"HostName":"h","ID":"solo-1","LoadPerSec":7,"Percentage":0,"TagHash":""})");
  EXPECT_EQ(LimiterNodes("n", "h", {"a", "b"}).announcement(0),
            R"({"HostName":"h","ID":"n","LoadPerSec":1,"Percentage":0,"TagHash":"ab"})");
}

TEST(LimiterNodes, CountsWhoWasHeardLately) {
  LimiterNodes nodes("one", "h", {});
  const Clock::time_point start;
  EXPECT_EQ(nodes.count(start), 1) << "itself, heard or not";
  nodes.heard(nodes.announcement(1), start);
  nodes.heard(nodes.announcement(1), start);
  EXPECT_EQ(nodes.count(start), 1);
  nodes.heard(notice("two"), start + 1s);
  EXPECT_EQ(nodes.count(start + 4s), 2);
  EXPECT_EQ(nodes.count(start + 4s + 1ms), 1);
  EXPECT_EQ(nodes.count(start + 9s), 1);
}

TEST(LimiterNodes, PassesOverWhatDoesNotConcernIt) {
  LimiterNodes nodes("one", "h", {"a"});
  for (const std::string& text :
       {notice("two"), std::string("no json"), std::string("[]"), notice("", "a")}) {
    nodes.heard(text, {});
  }
  nodes.heard(notice("three", "a"), {});
  nodes.heard(notice("four", "a"), {});
  EXPECT_EQ(nodes.count({}), 2);
}

}  // namespace
}  // namespace tykpp::session
