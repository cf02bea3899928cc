#include "http/body_tap.hpp"

#include <gtest/gtest.h>

namespace tykpp::http {
namespace {

TEST(BodyTap, KeepsTheFrontUpToItsLimit) {
  BodyTap tap(4);
  tap.add("ab");
  tap.add("cd");
  EXPECT_FALSE(tap.overflown());
  tap.add("e");
  tap.add("f");
  EXPECT_EQ(tap.text(), "abcd");
  EXPECT_TRUE(tap.overflown());
}

TEST(BodyTap, KeepsAllOrNothing) {
  BodyTap tap(4, BodyTap::Longer::kNothing);
  tap.add("abcd");
  EXPECT_EQ(tap.text(), "abcd");
  tap.add("");
  EXPECT_FALSE(tap.overflown());
  tap.add("e");
  EXPECT_TRUE(tap.overflown());
  EXPECT_EQ(tap.text(), "");
  tap.add("f");
  EXPECT_EQ(tap.text(), "");
}

TEST(BodyTap, PassesOnWhatItDoesNotKeep) {
  BodyTap first(2);
  BodyTap second(10);
  first.passOn(second);
  first.add("abc");
  first.add("def");
  EXPECT_EQ(first.text(), "ab");
  EXPECT_EQ(second.text(), "abcdef");
}

}  // namespace
}  // namespace tykpp::http
