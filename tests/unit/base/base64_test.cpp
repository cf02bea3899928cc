#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace tykpp {
namespace {

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    for (const bool padded : {true, false}) {
      const std::string text = encodeBase64(bytes, padded);
      EXPECT_EQ(decodeBase64(text, Padding::kOptional), bytes);
      EXPECT_EQ(decodeBase64(text, padded ? Padding::kRequired : Padding::kNone), bytes);
    }
    bytes += static_cast<char>(i);
  }
}

TEST(Base64, WritesTheExamplesOfItsStandard) {
  EXPECT_EQ(encodeBase64(""), "");
  EXPECT_EQ(encodeBase64("f"), "Zg==");
  EXPECT_EQ(encodeBase64("fo"), "Zm8=");
  EXPECT_EQ(encodeBase64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encodeBase64("fo", false), "Zm8");
}

TEST(Base64, TakesThePaddingItIsToldToAndNoOther) {
  EXPECT_FALSE(decodeBase64("Zm8"));
  EXPECT_FALSE(decodeBase64("Zg="));
  EXPECT_FALSE(decodeBase64("Zg=", Padding::kOptional));
  EXPECT_FALSE(decodeBase64("Zm8=", Padding::kNone));
  EXPECT_EQ(decodeBase64("Zm8", Padding::kNone), "fo");
  EXPECT_EQ(decodeBase64("Zm8", Padding::kOptional), "fo");
}

TEST(Base64, RefusesWhatIsNoBase64) {
  for (const char* text :
       {"Y===", "YWI*", "=YWI", "YWI=YWI=", "Y W=", "A", "YWI-", "YWI_", "a=b=", "YQ==="})
    EXPECT_FALSE(decodeBase64(text, Padding::kOptional)) << text;
}

TEST(Base64, PassesOverLineBreaks) {
  EXPECT_EQ(decodeBase64("Zm9v\r\nYmFy\n"), "foobar");
  EXPECT_EQ(decodeBase64("Y\nQ=\r\n="), "a");
}

}  // namespace
}  // namespace tykpp
