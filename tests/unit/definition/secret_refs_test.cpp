#include "definition/secret_refs.hpp"

#include <gtest/gtest.h>

namespace tykpp::definition {
namespace {

const Environment kEnv({{"TARGET", "http://h/"},
                        {"QUOTED", "a\"b\\c\n"},
                        {"EMPTY", ""},
                        {"TYK_SECRET_NAME", "hidden"}});
const SecretMap kSecrets{{"token", "t1"}, {"token2", "t2"}};

TEST(SecretRefs, AreReplacedInTheBytesOfADefinition) {
  EXPECT_EQ(replaceSecretRefs(R"({"a": "env://TARGET", "b": "x env://TARGET"})", kSecrets, kEnv),
            R"({"a": "http://h/", "b": "x http://h/"})");
}

TEST(SecretRefs, AreEscapedForTheirPlace) {
  EXPECT_EQ(replaceSecretRefs(R"("env://QUOTED")", kSecrets, kEnv), R"("a\"b\\c\n")");
}

TEST(SecretRefs, StayWhenTheyHaveNoValue) {
  for (const char* text : {R"("env://UNSET")", R"("env://EMPTY")", R"("secrets://other")",
                           R"("consul://k")", "env://", "env://X"}) {
    EXPECT_EQ(replaceSecretRefs(text, kSecrets, kEnv), text);
  }
}

TEST(SecretRefs, PreferTheLongerName) {
  EXPECT_EQ(replaceSecretRefs("secrets://token2 secrets://token secrets://tokenX", kSecrets, kEnv),
            "t2 t1 t1X");
}

TEST(SecretRefs, AsWholeValuesReadTheirOwnVariables) {
  EXPECT_EQ(*resolveSecret("env://name", kSecrets, kEnv), "hidden");
  EXPECT_EQ(*resolveSecret("env://unset", kSecrets, kEnv), "");
  EXPECT_EQ(*resolveSecret("secrets://token", kSecrets, kEnv), "t1");
  EXPECT_EQ(*resolveSecret("plain", kSecrets, kEnv), "plain");
}

TEST(SecretRefs, TellWhatIsMissingAndWhatIsNotBuilt) {
  EXPECT_EQ(resolveSecret("secrets://nobody", kSecrets, kEnv).error().message(),
            "secrets does not exist in config.. nobody not found");
  for (const char* text : {"consul://a", "vault://a.b", "file://a", "kv://s/a"}) {
    EXPECT_EQ(resolveSecret(text, kSecrets, kEnv).error().code(), Errc::kNotBuilt) << text;
  }
}

}  // namespace
}  // namespace tykpp::definition
