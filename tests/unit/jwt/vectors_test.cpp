// Verification against Project Wycheproof's vectors.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "jwt/key_set.hpp"
#include "jwt/token.hpp"

namespace tykpp::jwt {
namespace {

using nlohmann::json;

json vectors(const std::string& name) {
  std::ifstream file(std::string(TYKPP_SOURCE_DIR "/tests/unit/jwt/vectors/") + name);
  return json::parse(file);
}

/// Whether a signature is right under the key, an algorithm of the key's own family given.
bool verifies(const Key& key, const std::string& jws) {
  const Result<Token> token = Token::parse(jws, Token::Payload::kAny);
  if (!token) return false;
  const auto algorithm = algorithmOf(token->algorithm());
  return algorithm && key.verify(*algorithm, token->signedText(), token->signature());
}

TEST(WycheproofVectors, SignaturesAreJudgedRight) {
  int tests = 0;
  const json all = vectors("json_web_signature_test.json");
  for (const json& group : all.at("testGroups")) {
    const json& jwk = group.contains("public") ? group.at("public") : group.at("private");
    const Result<Key> key = Key::fromJwk(jwk);
    for (const json& test : group.at("tests")) {
      const bool good = key && verifies(*key, test.at("jws").get<std::string>());
      EXPECT_EQ(good, test.at("result") == "valid")
          << "test " << test.at("tcId") << ": " << test.at("comment") << " of "
          << group.value("comment", "") << (key ? "" : " key: " + key.error().message());
      ++tests;
    }
  }
  EXPECT_EQ(tests, 401);
}

TEST(WycheproofVectors, KeySetsAreJudgedRight) {
  int tests = 0;
  const json all = vectors("json_web_key_test.json");
  for (const json& group : all.at("testGroups")) {
    const json& jwks = group.contains("public") ? group.at("public") : group.at("private");
    const Result<KeySet> set = KeySet::parse(jwks.dump());
    ASSERT_TRUE(set) << group.value("comment", "");
    for (const json& test : group.at("tests")) {
      // Sets of secrets and public keys are for their owner to avoid; an API allows one family.
      const json flags = test.value("flags", json::array());
      if (std::find(flags.begin(), flags.end(), "MixedKeySet") != flags.end()) continue;
      const std::string jws = test.at("jws");
      const Result<Token> token = Token::parse(jws, Token::Payload::kAny);
      const bool good = token && token->kid() && set->anyNamed(*token->kid(), [&](const Key& key) {
        return verifies(key, jws);
      });
      EXPECT_EQ(good, test.at("result") == "valid")
          << "test " << test.at("tcId") << ": " << test.at("comment") << " of "
          << group.value("comment", "");
      ++tests;
    }
  }
  EXPECT_GT(tests, 20);
}

}  // namespace
}  // namespace tykpp::jwt
