#include "jwt/token.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "jwt/algorithm.hpp"
#include "jwt/base64url.hpp"

namespace tykpp::jwt {
namespace {

std::string part(std::string_view text) {
  std::string out = encodeBase64(text, false);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::string made(std::string_view header, std::string_view claims,
                 std::string_view signature = "s") {
  return part(header) + "." + part(claims) + "." + part(signature);
}

TEST(Token, IsReadWithItsParts) {
  const std::string text = made(R"({"alg":"RS256","kid":"one"})", R"({"sub":"me"})", "bytes");
  const auto token = Token::parse(text);
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(token->algorithm(), "RS256");
  EXPECT_EQ(token->kid(), "one");
  EXPECT_EQ(token->claims().at("sub"), "me");
  EXPECT_EQ(token->signature(), "bytes");
  EXPECT_EQ(token->signedText(), std::string_view(text).substr(0, text.rfind('.')));
}

TEST(Token, NamesNoKeyWithANameThatIsNoText) {
  const std::string text = made(R"({"alg":5,"kid":7})", "{}");
  const auto token = Token::parse(text);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->algorithm(), "");
  EXPECT_FALSE(token->kid());
}

TEST(Token, IsRefusedWhenItIsAnythingElse) {
  const std::string header = part(R"({"alg":"HS256"})");
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::string cases[] = {"",
                               ".",
                               "..",
                               "...",
                               "a.b.c",
                               header + "." + part("{}"),
                               header + "." + part("{}") + ".s.s",
                               made("[]", "{}"),
                               made(R"({"alg":"HS256"})", "[]"),
                               made(R"({"alg":"HS256"})", "7"),
                               made(R"({"alg":"HS256")", "{}"),
                               made(R"({"alg":"HS256","crit":["b64"],"b64":false})", "{}"),
                               made(R"({"alg":"HS256"})", R"({"a":)" + deep + "}"),
                               made(R"({"alg":"HS256"})", "{\"a\":\"\xff\"}"),
                               header + "=." + part("{}") + ".c2ln",
                               header + "." + part("{}") + ".c2l\n",
                               header + ". " + part("{}") + ".c2ln",
                               header + "." + part("{}") + ".c2lo+/==",
                               std::string(kMaxTokenBytes + 1, 'a')};
  for (const std::string& text : cases) EXPECT_FALSE(Token::parse(text)) << text.substr(0, 80);
}

TEST(Base64Url, HasOneFormForEachText) {
  EXPECT_EQ(decodeBase64Url("TQ"), "M");
  EXPECT_EQ(decodeBase64Url(""), "");
  EXPECT_EQ(decodeBase64Url("-_-_"), "\xfb\xff\xbf");
  for (const char* text : {"T", "TR", "TQ=", "TQ==", "T Q", "+/+/", "TWE\n", "TWF"})
    EXPECT_FALSE(decodeBase64Url(text)) << text;
}

TEST(AlgorithmName, IsExact) {
  EXPECT_EQ(algorithmOf("PS384"), Algorithm::kPs384);
  EXPECT_EQ(familyOf(Algorithm::kPs384), Family::kRsa);
  EXPECT_EQ(bitsOf(Algorithm::kPs384), 384);
  EXPECT_EQ(bitsOf(Algorithm::kHs512), 512);
  EXPECT_EQ(familyOf(Algorithm::kEs256), Family::kEcdsa);
  for (const char* name : {"none", "None", "NONE", "hs256", "", "EdDSA", "HS256 "})
    EXPECT_FALSE(algorithmOf(name)) << name;
}

}  // namespace
}  // namespace tykpp::jwt
