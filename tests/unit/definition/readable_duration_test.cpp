#include "definition/readable_duration.hpp"

#include <gtest/gtest.h>

namespace tykpp::definition {
namespace {
using namespace std::chrono_literals;

TEST(ReadableDuration, ReadsEveryUnitAndSumsThem) {
  EXPECT_EQ(parseDuration("1h30m"), 90min);
  EXPECT_EQ(parseDuration("500ms"), 500ms);
  EXPECT_EQ(parseDuration("2.5s"), 2500ms);
  EXPECT_EQ(parseDuration("1us"), 1us);
  EXPECT_EQ(parseDuration("1\xC2\xB5s"), 1us);
  EXPECT_EQ(parseDuration("1\xCE\xBCs"), 1us);
  EXPECT_EQ(parseDuration("7ns"), 7ns);
  EXPECT_EQ(parseDuration(".3s"), 300ms);
}

TEST(ReadableDuration, TakesSignsAndNought) {
  EXPECT_EQ(parseDuration("-1s"), -1s);
  EXPECT_EQ(parseDuration("+1s"), 1s);
  EXPECT_EQ(parseDuration("0"), 0s);
  EXPECT_EQ(parseDuration(""), 0s);
}

TEST(ReadableDuration, RefusesWhatIsNoDuration) {
  for (const char* text : {"1", "s", "1x", "-", "+", ".", ".s", "1s2", "1 s", "1.2.3s",
                           "99999999999999999999s", "9000000000h", "never", "1S"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
}

}  // namespace
}  // namespace tykpp::definition
