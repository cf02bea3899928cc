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

TEST(Text, EncodesForms) {
  std::string out = "q=";
  appendFormEncoded(out, "a b&c=~\xc3\xa9");
  EXPECT_EQ(out, "q=a+b%26c%3D~%C3%A9");
}

TEST(Text, KnowsUtf8FromOtherBytes) {
  EXPECT_TRUE(isUtf8(""));
  EXPECT_TRUE(isUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xe2\x82", "\xc3\x28"}) {
    EXPECT_FALSE(isUtf8(bad)) << bad;
  }
  EXPECT_EQ(utf8SequenceLength("\xe2\x82\xac!"), 3U);
  EXPECT_EQ(utf8SequenceLength("\xff"), 0U);
  EXPECT_TRUE(isAscii("plain text of several words"));
  EXPECT_FALSE(isAscii("twelve bytes\xc3\xa9"));
}

TEST(Text, FindsDeepJsonButNotBracketsInStrings) {
  EXPECT_TRUE(jsonDeeperThan("[[[]]]", 2));
  EXPECT_FALSE(jsonDeeperThan("[[[]]]", 3));
  EXPECT_FALSE(jsonDeeperThan(R"(["[[[[\"[[[["])", 1));
  EXPECT_FALSE(jsonDeeperThan("]]]][", 1));
}

}  // namespace
}  // namespace tykpp
