#include "base/log_capture.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/log.hpp"

namespace tykpp::log {
namespace {

std::size_t countOf(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(LogCapture, KeepsLinesThatNameItsRequest) {
  Capture capture(100'000);
  TYKPP_LOG(info, "capture_a", "before it has a number request_id=7");
  capture.follow(7);
  capture.setFields({"a1", "an \"api\"", ""});
  TYKPP_LOG(debug, "capture_a", "mine request_id=7 path=/x");
  TYKPP_LOG(warn, "capture_b", "at the end request_id=7");
  TYKPP_LOG(info, "capture_a", "somebody else's request_id=71");
  TYKPP_LOG(info, "capture_a", "somebody else's request_id=17");
  TYKPP_LOG(info, "capture_a", "quoted path=\"xrequest_id=7\" request_id=8");
  TYKPP_LOG(info, "capture_a", "nobody's");
  const std::string lines = capture.lines();
  EXPECT_EQ(countOf(lines, "\n"), 2U) << lines;
  EXPECT_EQ(
      lines.find(
          R"({"api_id":"a1","api_name":"an \"api\"","level":"debug","msg":"mine request_id=7 path=/x","prefix":"capture_a","time":")"),
      0U)
      << lines;
  EXPECT_NE(lines.find(R"("level":"warning","msg":"at the end request_id=7","prefix":"capture_b")"),
            std::string::npos);
}

TEST(LogCapture, KeepsLinesOfTheThreadThatWorksOnIt) {
  Capture capture(100'000);
  Capture other(100'000);
  {
    const Capture::Scope scope(capture);
    {
      const Capture::Scope inner(other);
      TYKPP_LOG(debug, "capture_a", "inner");
    }
    TYKPP_LOG(debug, "capture_a", "outer\n{\"forged\":\x01}");
    std::thread([] { TYKPP_LOG(info, "capture_a", "of another thread"); }).join();
  }
  TYKPP_LOG(info, "capture_a", "afterwards");
  EXPECT_EQ(countOf(capture.lines(), "\n"), 1U);
  EXPECT_NE(capture.lines().find(R"("msg":"outer\n{\"forged\":\u0001}")"), std::string::npos)
      << capture.lines();
  EXPECT_EQ(countOf(other.lines(), "\n"), 1U);
  EXPECT_NE(other.lines().find("\"inner\""), std::string::npos);
}

TEST(LogCapture, ChangesTheLevelOfLoggersForItsLifeAlone) {
  const spdlog::logger& before = room("capture_level");
  EXPECT_FALSE(before.should_log(spdlog::level::debug));
  {
    Capture one(1000);
    const Capture two(1000);
    EXPECT_TRUE(room("capture_level").should_log(spdlog::level::debug));
    EXPECT_TRUE(room("capture_new").should_log(spdlog::level::debug));
    one.stop();
    one.stop();
    EXPECT_TRUE(room("capture_level").should_log(spdlog::level::debug));
  }
  EXPECT_FALSE(room("capture_level").should_log(spdlog::level::debug));
  EXPECT_FALSE(room("capture_new").should_log(spdlog::level::debug));
}

TEST(LogCapture, ShowsNoMoreInTheLogThanItsLevelLetsThrough) {
  testing::internal::CaptureStderr();
  {
    Capture capture(1000);
    const Capture::Scope scope(capture);
    TYKPP_LOG(debug, "capture_shown", "a debug line");
    TYKPP_LOG(info, "capture_shown", "an info line");
    EXPECT_EQ(countOf(capture.lines(), "\n"), 2U);
  }
  const std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_EQ(shown.find("a debug line"), std::string::npos) << shown;
  EXPECT_NE(shown.find("an info line"), std::string::npos) << shown;
}

TEST(LogCapture, StopsAtItsLimit) {
  Capture capture(2000);
  for (int i = 0; i < 1000; ++i) capture.add(spdlog::level::info, "a line of some length");
  const std::string lines = capture.lines();
  EXPECT_LT(lines.size(), 2300U);
  EXPECT_EQ(countOf(lines, "further lines are left out"), 1U);
  EXPECT_EQ(lines.back(), '\n');
  Capture huge(1000);
  huge.add(spdlog::level::info, std::string(100'000, 'x'));
  EXPECT_LT(huge.lines().size(), 300U);
}

TEST(LogCapture, TellsStepsAndCodes) {
  Capture capture(10'000);
  capture.setStep("auth_token");
  capture.add(spdlog::level::err, "refused", 403);
  capture.setStep({});
  capture.add(spdlog::level::debug, "done");
  capture.stop();
  capture.add(spdlog::level::debug, "too late");
  const std::string lines = capture.lines();
  EXPECT_EQ(lines.find(R"({"code":403,"level":"error","msg":"refused","mw":"auth_token","time":")"),
            0U);
  EXPECT_NE(lines.find("{\"level\":\"debug\",\"msg\":\"done\",\"time\""), std::string::npos);
  EXPECT_EQ(lines.find("too late"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::log
