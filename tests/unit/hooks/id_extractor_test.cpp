#include "hooks/impl/id_extractor.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"

namespace tykpp::hooks {
namespace {

using From = definition::IdExtractor::From;
using With = definition::IdExtractor::With;

std::string taken(const definition::IdExtractor& rules, const test::TestExchange& on) {
  const auto made = IdExtractor::create(rules);
  if (!made) return "bad: " + made.error().where();
  const auto id = (*made)->extract(on.exchange);
  return id ? *id : "none";
}

TEST(IdExtractor, TakesValues) {
  test::TestExchange on("GET", "/?id=a%2Fb&id=c");
  on.exchange.request().headers.add("X-User", "me");
  EXPECT_EQ(taken({From::kHeader, With::kValue, "X-User", "", 0}, on), "me");
  EXPECT_EQ(taken({From::kHeader, With::kValue, "X-Other", "", 0}, on), "none");
  EXPECT_EQ(taken({From::kQuery, With::kValue, "id", "", 0}, on), "a/bc");
  EXPECT_EQ(taken({From::kForm, With::kValue, "id", "", 0}, on), "a/bc");
  on.exchange.request().setBody("id=z&x=1");
  EXPECT_EQ(taken({From::kForm, With::kValue, "id", "", 0}, on), "za/bc");
  EXPECT_EQ(taken({From::kForm, With::kValue, "none", "", 0}, on), "none");
}

TEST(IdExtractor, TakesTheNthMatchOfAnExpression) {
  test::TestExchange on;
  on.exchange.request().headers.add("X-Path", "user-1/user-22/user-333");
  const auto nth = [&](std::size_t n) {
    return taken({From::kHeader, With::kRegex, "X-Path", "user-[0-9]+", n}, on);
  };
  EXPECT_EQ(nth(0), "user-1");
  EXPECT_EQ(nth(2), "user-333");
  EXPECT_EQ(nth(3), "none");
  EXPECT_EQ(taken({From::kHeader, With::kRegex, "X-Path", "x*", 5}, on), "none");
  EXPECT_EQ(taken({From::kHeader, With::kRegex, "X-Path", "(", 0}, on),
            "bad: /custom_middleware/id_extractor/extractor_config");
}

TEST(IdExtractor, TakesTheFirstNodeOfAPath) {
  test::TestExchange on;
  on.exchange.request().setBody("<a><user id='7'>me</user><user>you</user></a>");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "//user", 0}, on), "me");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "//user/@id", 0}, on), "7");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "string(//user[2])", 0}, on), "you");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "//nobody", 0}, on), "none");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "//[", 0}, on),
            "bad: /custom_middleware/id_extractor/extractor_config");
  on.exchange.request().setBody("no document");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "//user", 0}, on), "none");
}

TEST(IdExtractor, ReadsNoFilesForStrangers) {
  test::TestExchange on;
  on.exchange.request().setBody(
      "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><a>x&e;</a>");
  EXPECT_EQ(taken({From::kBody, With::kXPath, "", "/a", 0}, on), "x");
}

}  // namespace
}  // namespace tykpp::hooks
