#include "net/timed_calls.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace tykpp::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimedCallsTest : public ::testing::Test {
 protected:
  void pass(Clock::duration time) {
    now_ += time;
    wheel_.setNow(now_);
    wheel_.advance();
  }
  Clock::time_point now_{seconds(1000)};
  Wheel wheel_{now_};
  TimedCalls calls_{wheel_};
};

TEST_F(TimedCallsTest, AreMadeOnceAndNotBeforeTheirTime) {
  int made = 0;
  calls_.add(now_ + milliseconds(250), [&made] { ++made; });
  pass(milliseconds(200));
  EXPECT_EQ(made, 0);
  pass(milliseconds(200));
  EXPECT_EQ(made, 1);
  pass(seconds(10));
  EXPECT_EQ(made, 1);
}

TEST_F(TimedCallsTest, MayAddMore) {
  int made = 0;
  calls_.add(now_ + milliseconds(100), [&] {
    ++made;
    calls_.add(now_ + milliseconds(100), [&made] { ++made; });
  });
  pass(milliseconds(200));
  EXPECT_EQ(made, 1);
  pass(milliseconds(300));
  EXPECT_EQ(made, 2);
}

TEST_F(TimedCallsTest, AreForgottenWithTheirOwner) {
  const auto kept = std::make_shared<int>(0);
  {
    TimedCalls calls(wheel_);
    calls.add(now_ + milliseconds(100), [kept] { ++*kept; });
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
  pass(seconds(1));
  EXPECT_EQ(*kept, 0);
}

}  // namespace
}  // namespace tykpp::net
