#include "middleware/strip_auth.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"

namespace tykpp::middleware {
namespace {

using List = std::vector<definition::StrippedCredential>;

std::string stripped(std::string_view target, definition::StrippedCredential credential) {
  test::TestExchange on("GET", target);
  EXPECT_TRUE(StripAuth(List{std::move(credential)}).onRequest(on.exchange));
  return std::string(on.exchange.request().target);
}

std::string cookies(const char* given, std::string name) {
  test::TestExchange on;
  on.exchange.request().headers.add("Cookie", given);
  EXPECT_TRUE(StripAuth(List{{"X", "", std::move(name)}}).onRequest(on.exchange));
  return std::string(on.header("Cookie"));
}

TEST(StripAuth, RemovesTheHeader) {
  test::TestExchange on;
  on.exchange.request().headers.add("authorization", "a");
  on.exchange.request().headers.add("Authorization", "b");
  on.exchange.request().headers.add("X-Other", "c");
  EXPECT_TRUE(StripAuth(List(1)).onRequest(on.exchange));
  EXPECT_FALSE(on.exchange.request().headers.contains("Authorization"));
  EXPECT_EQ(on.header("X-Other"), "c");
}

TEST(StripAuth, WritesTheQueryAnewWithoutTheParameter) {
  EXPECT_EQ(stripped("/p%20q?b=2&k=1&a=%201&b=1&k=2", {"X", "k", "X"}), "/p%20q?a=+1&b=2&b=1");
  EXPECT_EQ(stripped("/p?k=1", {"X", "k", "X"}), "/p");
  EXPECT_EQ(stripped("/p?%6B=1&x=%zz&y", {"X", "k", "X"}), "/p?y=");
  EXPECT_EQ(stripped("/p?k=1", {"X", "", "X"}), "/p?k=1");
  EXPECT_EQ(stripped("/p", {"X", "k", "X"}), "/p");
}

TEST(StripAuth, RemovesTheFirstCookieThatBeginsWithTheName) {
  EXPECT_EQ(cookies("a=1; k=2; b=3", "k"), "a=1; b=3");
  EXPECT_EQ(cookies("k=2; b=3", "k"), " b=3");
  EXPECT_EQ(cookies("a=1; k=2", "k"), "a=1");
  EXPECT_EQ(cookies("k=2", "k"), "");
  EXPECT_EQ(cookies("key=2; k=3", "k"), " k=3");
  EXPECT_EQ(cookies("a=k", "k"), "a=k");
}

}  // namespace
}  // namespace tykpp::middleware
