#include "net/deadline.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tykpp::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DeadlineTest : public ::testing::Test {
 protected:
  static void count(Deadline&, void* owner) { ++*static_cast<int*>(owner); }
  void pass(Clock::duration time) {
    now_ += time;
    wheel_.setNow(now_);
    wheel_.advance();
  }
  Clock::time_point now_{seconds(1000)};
  Wheel wheel_{now_};
  int fired_ = 0;
  Deadline deadline_{wheel_, &count, &fired_};
};

TEST_F(DeadlineTest, ExpiresOnceAndNotBeforeItsTime) {
  deadline_.after(milliseconds(250));
  pass(milliseconds(200));
  EXPECT_EQ(fired_, 0);
  pass(milliseconds(200));
  EXPECT_EQ(fired_, 1);
  pass(seconds(10));
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, MovedLaterItWaitsForTheNewTime) {
  deadline_.after(milliseconds(300));
  pass(milliseconds(100));
  deadline_.after(seconds(5));
  pass(seconds(3));
  EXPECT_EQ(fired_, 0);
  pass(seconds(3));
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, MovedEarlierItDoesNotWaitForTheOldTime) {
  deadline_.after(seconds(50));
  deadline_.after(milliseconds(100));
  pass(milliseconds(300));
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, ClearedItNeverExpires) {
  deadline_.after(milliseconds(100));
  deadline_.clear();
  EXPECT_FALSE(deadline_.armed());
  pass(seconds(200));
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, ReachesBeyondTheWheel) {
  deadline_.after(std::chrono::hours(2));
  for (int i = 0; i < 119; ++i) pass(std::chrono::minutes(1));
  EXPECT_EQ(fired_, 0);
  pass(std::chrono::minutes(2));
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, ALongSleepLosesNone) {
  int other = 0;
  Deadline second(wheel_, &count, &other);
  deadline_.after(seconds(30));
  second.after(seconds(90));
  pass(std::chrono::hours(1));
  EXPECT_EQ(fired_, 1);
  EXPECT_EQ(other, 1);
}

TEST_F(DeadlineTest, DestroyedWhileLinkedItIsForgotten) {
  auto gone = std::make_unique<Deadline>(wheel_, &count, &fired_);
  gone->after(milliseconds(100));
  deadline_.after(milliseconds(100));
  gone.reset();
  pass(seconds(1));
  EXPECT_EQ(fired_, 1);
}

TEST_F(DeadlineTest, OneMayDestroyAnotherOfTheSameTick) {
  struct Pair {
    std::unique_ptr<Deadline> victim;
    int fired = 0;
  } pair;
  Deadline killer(
      wheel_,
      [](Deadline&, void* owner) {
        auto* p = static_cast<Pair*>(owner);
        p->victim.reset();
        ++p->fired;
      },
      &pair);
  pair.victim = std::make_unique<Deadline>(wheel_, &count, &fired_);
  pair.victim->after(milliseconds(100));
  killer.after(milliseconds(100));  // linked last, expires first
  pass(seconds(1));
  EXPECT_EQ(pair.fired, 1);
  EXPECT_EQ(fired_, 0);
}

TEST_F(DeadlineTest, SaysWhenToLookNext) {
  EXPECT_EQ(wheel_.next(), Clock::time_point::max());
  deadline_.after(seconds(7));
  EXPECT_TRUE(wheel_.takeEarlier());
  EXPECT_GE(wheel_.next(), now_ + seconds(7));
  EXPECT_LE(wheel_.next(), now_ + seconds(7) + Wheel::kTick);
}

}  // namespace
}  // namespace tykpp::net
