#include "bundle/keys.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/bundle/bundle_fixture.hpp"

namespace tykpp::bundle {
namespace {
using ::tykpp::test::ScratchFolder;

class KeysTest : public ::testing::Test {
 protected:
  void openssl(const std::string& arguments) {
    const std::string command =
        "cd " + folder_.path() + " && openssl " + arguments + " > /dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << arguments;
  }
  Result<PrivateKey> secret(const char* name) { return PrivateKey::load(folder_.file(name)); }
  Result<PublicKey> open(const char* name) { return PublicKey::load(folder_.file(name)); }

  ScratchFolder folder_;
  const std::string digest_ = std::string(32, 'd');
};

TEST_F(KeysTest, BothFormsOfOpensslsKeysFitEachOther) {
  openssl("genrsa -traditional -out pkcs1.pem 2048");
  openssl("pkcs8 -topk8 -nocrypt -in pkcs1.pem -out pkcs8.pem");
  openssl("rsa -in pkcs1.pem -pubout -out pkix.pem");
  openssl("rsa -in pkcs1.pem -RSAPublicKey_out -out public1.pem");
  const std::string signature = secret("pkcs1.pem")->sign(digest_).value();
  EXPECT_EQ(secret("pkcs8.pem")->sign(digest_).value(), signature);
  EXPECT_TRUE(open("pkix.pem")->verify(digest_, signature));
  EXPECT_TRUE(open("public1.pem")->verify(digest_, signature));
}

TEST_F(KeysTest, AnotherKeyDigestOrSignatureDoesNotVerify) {
  const auto key = PublicKey::parse(test::keys().public_pem);
  ASSERT_TRUE(key);
  const std::string signature = test::privateKey().sign(digest_).value();
  EXPECT_TRUE(key->verify(digest_, signature));
  EXPECT_EQ(key->verify(std::string(32, 'e'), signature).error().message(),
            "crypto/rsa: verification error");
  EXPECT_FALSE(key->verify(digest_, signature.substr(1)));
  EXPECT_FALSE(key->verify(digest_, ""));
  const KeyPair other = generateKeyPair(2048).value();
  EXPECT_FALSE(PublicKey::parse(other.public_pem)->verify(digest_, signature));
}

TEST_F(KeysTest, RefusesOtherKeysByName) {
  openssl("ecparam -name prime256v1 -genkey -noout -out ec.pem");
  openssl("ec -in ec.pem -pubout -out ecpub.pem");
  openssl("genrsa -aes128 -passout pass:secret -out sealed.pem 2048");
  EXPECT_EQ(secret("ec.pem").error().message(), "ssh: unsupported key type \"EC PRIVATE KEY\"");
  EXPECT_EQ(open("ecpub.pem").error().message(), "ssh: unsupported key type: not RSA");
  EXPECT_EQ(secret("sealed.pem").error().message(),
            "ssh: unsupported key type \"ENCRYPTED PRIVATE KEY\"");
  EXPECT_EQ(PublicKey::parse("nothing").error().message(), "ssh: no key found");
  EXPECT_EQ(PublicKey::parse(test::keys().private_pem).error().message(),
            "ssh: unsupported key type \"PRIVATE KEY\"");
  EXPECT_FALSE(open("absent.pem"));
}

}  // namespace
}  // namespace tykpp::bundle
