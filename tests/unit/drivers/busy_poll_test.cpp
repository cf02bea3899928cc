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

}  // namespace
}  // namespace tykpp::drivers::grpc
