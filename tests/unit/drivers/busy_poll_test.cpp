#include "drivers/grpc/impl/busy_poll.hpp"

#include <gtest/gtest.h>

namespace tykpp::drivers::grpc {
namespace {

using namespace std::chrono_literals;

/// Lone calls until the first that is polled for; -1: none of so many.
int untilWanted(BusyPoll& poll, int most = 200) {
  for (int call = 0; call < most; ++call) {
    poll.begun(1);
    if (poll.wanted()) return call;
  }
  return -1;
}

TEST(BusyPollTest, IsOffWithoutATime) {
  BusyPoll poll(0us);
  EXPECT_EQ(untilWanted(poll), -1);
}

TEST(BusyPollTest, WaitsUntilSeveralCallsWereAlone) {
  BusyPoll poll(200us);
  EXPECT_EQ(untilWanted(poll), 8);
  poll.polled(true);
  EXPECT_EQ(untilWanted(poll), 0);
}

TEST(BusyPollTest, EndsWithTheFirstCallThatHasCompany) {
  BusyPoll poll(200us);
  ASSERT_EQ(untilWanted(poll), 8);
  poll.begun(2);
  poll.begun(1);
  EXPECT_FALSE(poll.wanted());
  EXPECT_EQ(untilWanted(poll), 7);
}

TEST(BusyPollTest, TriesSeldomWhereAnswersTakeLonger) {
  BusyPoll poll(200us);
  ASSERT_EQ(untilWanted(poll), 8);
  poll.polled(false);
  EXPECT_EQ(untilWanted(poll), 63);
  poll.polled(false);
  EXPECT_EQ(untilWanted(poll), 63);
  poll.polled(true);  // it has become faster
  EXPECT_EQ(untilWanted(poll), 0);
}

TEST(BusyPollTest, ForgivesASlowAnswerAmongFastOnes) {
  BusyPoll poll(200us);
  ASSERT_EQ(untilWanted(poll), 8);
  for (int i = 0; i < 20; ++i) poll.polled(true);
  poll.polled(false);
  EXPECT_EQ(untilWanted(poll), 0);
}

TEST(BusyPollTest, StaysAwakeWhileSomethingFollows) {
  BusyPoll poll(200us);
  EXPECT_TRUE(poll.staysAwake());
  poll.stayed(true);
  EXPECT_TRUE(poll.staysAwake());
}

TEST(BusyPollTest, TriesSeldomWhereNothingFollowsSoon) {
  BusyPoll poll(200us);
  poll.stayed(true);
  poll.stayed(false);
  poll.stayed(false);
  int passed = 0;
  while (!poll.staysAwake()) ++passed;
  EXPECT_EQ(passed, 63);
}

TEST(BusyPollTest, AnswersAreJudgedApartFromWhatFollows) {
  BusyPoll poll(200us);
  ASSERT_EQ(untilWanted(poll), 8);
  for (int i = 0; i < 4; ++i) poll.stayed(false);
  EXPECT_EQ(untilWanted(poll), 0);
  EXPECT_FALSE(poll.staysAwake());
}

}  // namespace
}  // namespace tykpp::drivers::grpc
