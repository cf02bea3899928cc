#include "base/ascii.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace tykpp {
namespace {

TEST(Ascii, ComparesWithoutCaseButNotBeyondAscii) {
  EXPECT_TRUE(equalsIgnoreCase("Content-TYPE", "content-type"));
  EXPECT_FALSE(equalsIgnoreCase("content-type", "content-typ"));
  EXPECT_FALSE(equalsIgnoreCase("\xc3\x84", "\xc3\xa4"));
}

TEST(Ascii, SplitsListsAndDropsEmptyElements) {
  std::vector<std::string> parts;
  forEachListElement(" a ,, b,\tc\t,",
                     [&parts](std::string_view part) { parts.emplace_back(part); });
  EXPECT_EQ(parts, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Ascii, SecretsCompareByEveryByte) {
  EXPECT_TRUE(equalsConstantTime("secret", "secret"));
  EXPECT_FALSE(equalsConstantTime("secret", "secreT"));
  EXPECT_FALSE(equalsConstantTime("secret", "secretsecret"));
  EXPECT_FALSE(equalsConstantTime("secret", ""));
  EXPECT_FALSE(equalsConstantTime("", "secret"));
}

TEST(Clock, DateHasTheFormOfHttp) {
  const std::string_view date = httpDate();
  ASSERT_EQ(date.size(), 29U);
  EXPECT_TRUE(date.ends_with(" GMT"));
  EXPECT_EQ(date[3], ',');
}

TEST(Clock, LocalTimeIsRfc3339) {
  char buffer[40];
  const std::string_view text = rfc3339Now(buffer);
  ASSERT_GE(text.size(), 20U);
  EXPECT_EQ(text[10], 'T');
  EXPECT_TRUE(text.ends_with('Z') || text[text.size() - 3] == ':');
}

TEST(Log, QuotesWhatCouldForgeALine) {
  EXPECT_EQ(log::quoted("plain-1.0/x"), "plain-1.0/x");
  EXPECT_EQ(log::quoted("a b"), "\"a b\"");
  EXPECT_EQ(log::quoted("a\nlevel=error"), "\"a\\u000alevel=error\"");
  EXPECT_EQ(log::quoted(""), "\"\"");
}

}  // namespace
}  // namespace tykpp
