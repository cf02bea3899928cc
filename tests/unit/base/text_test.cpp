#include "base/text.hpp"

#include <gtest/gtest.h>

namespace tykpp {
namespace {

TEST(Text, DecodesFormsAndLeavesBrokenEscapes) {
  EXPECT_EQ(formDecode("a+b%20c%2B"), "a b c+");
  EXPECT_EQ(formDecode("100%"), "100%");
  EXPECT_EQ(formDecode("%4"), "%4");
  EXPECT_EQ(formDecode("%zz%41"), "%zzA");
}

TEST(Text, FindsDeepJsonButNotBracketsInStrings) {
  EXPECT_TRUE(jsonDeeperThan("[[[]]]", 2));
  EXPECT_FALSE(jsonDeeperThan("[[[]]]", 3));
  EXPECT_FALSE(jsonDeeperThan(R"(["[[[[\"[[[["])", 1));
  EXPECT_FALSE(jsonDeeperThan("]]]][", 1));
}

}  // namespace
}  // namespace tykpp
