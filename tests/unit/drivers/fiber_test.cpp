#include "drivers/script/fiber.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace tykpp::drivers::script {
namespace {

TEST(Fiber, RunsToItsEndAtOnceWhenNothingWaits) {
  StackPool stacks;
  Fiber fiber;
  int ran = 0;
  EXPECT_TRUE(fiber.start(stacks, [&] { ++ran; }));
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(Fiber::current(), nullptr);
}

TEST(Fiber, StopsInTheMiddleAndGoesOn) {
  StackPool stacks;
  Fiber fiber;
  std::string trace;
  EXPECT_FALSE(fiber.start(stacks, [&] {
    trace += 'a';
    Fiber::current()->suspend();
    trace += 'b';
  }));
  trace += '-';
  EXPECT_TRUE(fiber.running());
  EXPECT_TRUE(fiber.resume());
  EXPECT_EQ(trace, "a-b");
}

TEST(Fiber, KeepsExceptionsOfEachStackApart) {
  StackPool stacks;
  Fiber first;
  Fiber second;
  std::string caught;
  const auto body = [&caught](const char* name) {
    try {
      throw std::runtime_error(name);
    } catch (const std::runtime_error&) {
      Fiber::current()->suspend();  // another fiber throws and catches meanwhile
      try {
        throw;
      } catch (const std::runtime_error& again) {
        caught += again.what();
      }
    }
  };
  EXPECT_FALSE(first.start(stacks, [&] { body("one"); }));
  EXPECT_FALSE(second.start(stacks, [&] { body("two"); }));
  EXPECT_TRUE(first.resume());
  EXPECT_TRUE(second.resume());
  EXPECT_EQ(caught, "onetwo");
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(Fiber, UsesStacksAgain) {
  StackPool stacks;
  for (int i = 0; i < 1000; ++i) {
    Fiber fiber;
    EXPECT_TRUE(fiber.start(stacks, [] {}));
  }
  EXPECT_EQ(stacks.idle(), 1U);
}

}  // namespace
}  // namespace tykpp::drivers::script
