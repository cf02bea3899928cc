// Verification against Project Wycheproof's vectors.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
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

/// Where this gateway and the vectors do not agree, and why.
const std::map<int, const char*> kOtherSignatures = {
    {346, "the token's algorithm is not the one that its key names"},
    {350, "the token's algorithm is not the one that its key names"},
    {367, "the vector lost its padding: it is a good token"},
    {370, "the vector lost its padding: it is a good token"},
    {372, "a character that is no base64url"},
    {373, "a character that is no base64url"},
};
const std::map<int, const char*> kOtherKeys = {
    {1, "secrets and public keys in one set are for its owner to avoid; an API allows one family"},
    {4, "the key that fits is taken"},
    {7, "keys of weak generators are for their owner to avoid"},
    {10, "short secrets are allowed, as with the reference"},
    {11, "short secrets are allowed, as with the reference"},
    {12, "short secrets are allowed, as with the reference"},
    {19, "a name of an algorithm that nobody knows says nothing"},
    {20, "a name of an algorithm that nobody knows says nothing"},
};

/// Whether the vector says that it is good; the other way round where we do not agree.
bool wanted(const json& test, const std::map<int, const char*>& others) {
  const bool good = test.at("result") == "valid";
  return others.contains(test.at("tcId").get<int>()) ? !good : good;
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
      EXPECT_EQ(good, wanted(test, kOtherSignatures))
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
      const std::string jws = test.at("jws");
      const Result<Token> token = Token::parse(jws, Token::Payload::kAny);
      const bool good = token && token->kid() && set->anyNamed(*token->kid(), [&](const Key& key) {
        return verifies(key, jws);
      });
      EXPECT_EQ(good, wanted(test, kOtherKeys))
          << "test " << test.at("tcId") << ": " << test.at("comment") << " of "
          << group.value("comment", "");
      ++tests;
    }
  }
  EXPECT_EQ(tests, 26);
}

}  // namespace
}  // namespace tykpp::jwt
