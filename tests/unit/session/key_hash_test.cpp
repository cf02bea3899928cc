#include "session/key_hash.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"

namespace tykpp::session {
namespace {

constexpr const char* kOrg = "5e9d9544a1dcd60001d0ed20";

TEST(KeyHash, MatchesTheVectors) {
  EXPECT_EQ(hashText("", HashAlgorithm::kMurmur32), "00000000");
  EXPECT_EQ(hashText("", HashAlgorithm::kMurmur64), "0000000000000000");
  EXPECT_EQ(hashText("", HashAlgorithm::kMurmur128), std::string(32, '0'));
  EXPECT_EQ(hashText("hello", HashAlgorithm::kMurmur32), "248bfa47");
  EXPECT_EQ(hashText("hello", HashAlgorithm::kMurmur64), "cbd8a7b341bd9b02");
  EXPECT_EQ(hashText("hello", HashAlgorithm::kMurmur128), "cbd8a7b341bd9b025b1e906a48ae1d19");
  const std::string_view longer = "Hello, world! 0123456789";
  EXPECT_EQ(hashText(longer, HashAlgorithm::kMurmur32), "c5fd1334");
  EXPECT_EQ(hashText(longer, HashAlgorithm::kMurmur64), "97e439baa0c9585d");
  EXPECT_EQ(hashText(longer, HashAlgorithm::kMurmur128), "97e439baa0c9585d85572c4873c332f0");
}

struct TokenCase {
  const char* function;
  const char* token;
  const char* hash;
};

TEST(KeyHash, MakesAndHashesTheTokensOfEachFunction) {
  const TokenCase cases[] = {
      {"", "5e9d9544a1dcd60001d0ed20my-key", "1f3824fe"},
      {"murmur32",
       "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6Im15LWtleSIsImgiOiJtdXJtdXIzMiJ9",
       "526687c3"},
      {"murmur64",
       "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6Im15LWtleSIsImgiOiJtdXJtdXI2NCJ9",
       "4769538431cb9f4f"},
      {"murmur128",
       "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6Im15LWtleSIsImgiOiJtdXJtdXIxMjgifQ==",
       "363e1c9fae11a7ccda0285b54b415db5"},
      {"sha256",
       "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6Im15LWtleSIsImgiOiJzaGEyNTYifQ==",
       "d53678e6c56128c74ac714038475bb6c7733b19de098bde67f53fd9507dda3e2"}};
  for (const TokenCase& expected : cases) {
    const std::string token = makeToken(kOrg, "my-key", expected.function);
    EXPECT_EQ(token, expected.token);
    EXPECT_EQ(hashToken(token), expected.hash) << expected.function;
    EXPECT_EQ(organisationOf(token), kOrg) << expected.function;
  }
}

TEST(KeyHash, CutsALeadingOrganisationAndInventsMissingIdentifiers) {
  constexpr const char* kWholeToken = "5e9d9544a1dcd60001d0ed20my-key";
  EXPECT_EQ(makeToken(kOrg, kWholeToken, ""), kWholeToken);
  const std::string one = makeToken(kOrg, "", "");
  const std::string other = makeToken(kOrg, "", "");
  EXPECT_EQ(one.size(), 24U + 32U);
  EXPECT_NE(one, other);
}

TEST(KeyHash, TakesUnknownFunctionsAsTheOriginalDoes) {
  EXPECT_EQ(makeToken(kOrg, "my-key", "md5"), makeToken(kOrg, "my-key", "murmur64"));
  const std::string token = encodeBase64(R"({"org":"o","id":"i","h":"md5"})");
  EXPECT_EQ(hashToken(token), hashText(token, HashAlgorithm::kMurmur32));
}

TEST(KeyHash, FindsNoOrganisationInOtherTokens) {
  EXPECT_EQ(organisationOf(""), "");
  EXPECT_EQ(organisationOf(kOrg), "") << "nothing follows it";
  EXPECT_EQ(organisationOf("zz9d9544a1dcd60001d0ed20my-key"), "");
  EXPECT_EQ(organisationOf("eyJ9"), "");
  EXPECT_EQ(organisationOf("eyAAAA=="), "");
}

}  // namespace
}  // namespace tykpp::session
