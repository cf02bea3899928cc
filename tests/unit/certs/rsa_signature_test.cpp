#include "certs/rsa_signature.hpp"

#include <gtest/gtest.h>

#include "certs/certificate.hpp"
#include "common/certificates.hpp"
#include "common/rsa_pair.hpp"

namespace tykpp::certs {
namespace {

TEST(RsaSignature, HoldsForItsTextAndKeyAlone) {
  const test::RsaPair pair;
  const Result<std::string> signature = signRsaSha256(pair.key(), "a text");
  ASSERT_TRUE(signature) << signature.error().message();
  EXPECT_EQ(signature->size(), 256u);
  const auto certificate = Certificate::parse(pair.certificatePem(), "").value();
  EXPECT_TRUE(verifyRsaSha256(certificate->publicKey(), "a text", *signature));
  EXPECT_FALSE(verifyRsaSha256(certificate->publicKey(), "another", *signature));
  EXPECT_FALSE(verifyRsaSha256(test::RsaPair().key(), "a text", *signature));
  std::string bent = *signature;
  bent.back() = static_cast<char>(bent.back() ^ 1);
  for (const std::string& bad : {bent, signature->substr(1), *signature + "x", std::string()})
    EXPECT_FALSE(verifyRsaSha256(certificate->publicKey(), "a text", bad));
}

TEST(RsaSignature, IsNothingForOtherKeys) {
  const auto other = Certificate::parse(test::kPublicKey, "").value();
  EXPECT_FALSE(isRsa(other->publicKey()));
  EXPECT_FALSE(isRsa(nullptr));
  EXPECT_FALSE(verifyRsaSha256(other->publicKey(), "a text", "signature"));
  EXPECT_FALSE(signRsaSha256(other->publicKey(), "a text"));
  EXPECT_FALSE(signRsaSha256(nullptr, "a text"));
  const test::RsaPair pair;
  const auto lone = Certificate::parse(pair.publicPem(), "").value();
  EXPECT_TRUE(isRsa(lone->publicKey()));
  EXPECT_FALSE(signRsaSha256(lone->publicKey(), "a text"));
}

}  // namespace
}  // namespace tykpp::certs
