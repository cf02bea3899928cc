#include "certs/certificate.hpp"

#include <gtest/gtest.h>

#include "certs/certificate_store.hpp"
#include "certs/client_check.hpp"
#include "common/certificates.hpp"
#include "common/store_loop.hpp"

namespace tykpp::certs {
namespace {

using test::kCertificate;
using test::kFingerprint;
using test::kPrivateKey;
using test::kPublicKey;

constexpr std::string_view kSecret = "352d20ee67be67f6340b4c0605b044b7";
/// The private key as another gateway on the same store left it.
constexpr std::string_view kForeignKey = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,000102030405060708090a0b0c0d0e0f

22DGxu/mIWdkm9eRAxn5SH054SAeWb2NJX3042fRRp9CXcArP0V0fUoaigY/A7Ei
Ip1gbTslAOJcoVycCcs6DEdonJ1ma0MbvaT6a17mMuU3nAuDLk0C/EA5DhWStOqx
PrhA+TXxYDNNzSopZbUdZbEFFl0iZG7v7qV5RdO5AaKYM0P5Fe6ST9uxhyJYiOS3
-----END ENCRYPTED PRIVATE KEY-----
)";

std::string text(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(part);
  return all;
}

TEST(Certificate, TellsWhatItSays) {
  const auto certificate = Certificate::parse(kCertificate, kSecret);
  ASSERT_TRUE(certificate) << certificate.error().message();
  EXPECT_EQ((*certificate)->fingerprint(), kFingerprint);
  EXPECT_EQ((*certificate)->commonName(), "client one");
  EXPECT_EQ((*certificate)->dnsNames(), std::vector<std::string>{"localhost"});
  EXPECT_EQ((*certificate)->serverNames(), (std::vector<std::string>{"client one", "localhost"}));
  EXPECT_FALSE((*certificate)->isAuthority());
  EXPECT_FALSE((*certificate)->hasPrivate());
  EXPECT_EQ((*certificate)->notBefore(), 1735689600);
}

TEST(Certificate, ReadsAKeyThatAnotherGatewayEncrypted) {
  const auto certificate = Certificate::parse(text({kCertificate, kForeignKey}), kSecret);
  ASSERT_TRUE(certificate);
  EXPECT_NE((*certificate)->key(), nullptr) << (*certificate)->keyProblem();
}

TEST(Certificate, IsPublicWhenItsKeyCannotBeDecrypted) {
  const auto certificate = Certificate::parse(text({kCertificate, kForeignKey}), "another");
  ASSERT_TRUE(certificate);
  EXPECT_EQ((*certificate)->key(), nullptr);
  EXPECT_TRUE((*certificate)->hasPrivate());
  EXPECT_NE((*certificate)->keyProblem().find("cannot be decrypted"), std::string::npos);
}

TEST(Certificate, ALonePublicKeyIsNamedByItsOwnDigest) {
  const auto key = Certificate::parse(kPublicKey, kSecret);
  ASSERT_TRUE(key);
  EXPECT_TRUE((*key)->publicKeyOnly());
  EXPECT_EQ((*key)->fingerprint(), (*key)->keyFingerprint());
  const auto certificate = Certificate::parse(kCertificate, kSecret);
  EXPECT_EQ((*key)->fingerprint(), (*certificate)->keyFingerprint());
}

TEST(Certificate, IsNotMadeOfJunk) {
  for (const std::string_view junk :
       {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}) {
    EXPECT_FALSE(Certificate::parse(junk, kSecret)) << junk;
  }
}

TEST(StoredForm, EncryptsTheKeyAndIsReadAgain) {
  const auto form = storedForm(text({kPrivateKey, "junk\n", kCertificate}), kSecret);
  ASSERT_TRUE(form) << form.error().message();
  EXPECT_EQ(form->fingerprint, kFingerprint);
  EXPECT_TRUE(form->pem.starts_with(kCertificate));
  EXPECT_NE(form->pem.find("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,"), std::string::npos);
  EXPECT_EQ(form->pem.find("-----BEGIN PRIVATE KEY"), std::string::npos);
  const auto again = Certificate::parse(form->pem, kSecret);
  ASSERT_TRUE(again);
  EXPECT_NE((*again)->key(), nullptr) << (*again)->keyProblem();
}

TEST(StoredForm, RefusesWhatDoesNotGoTogether) {
  const auto reason = [](std::initializer_list<std::string_view> parts) {
    const auto form = storedForm(text(parts), kSecret);
    return form ? std::string() : form.error().message();
  };
  EXPECT_EQ(reason({kPrivateKey, kPrivateKey, kCertificate}), "Found multiple private keys");
  EXPECT_EQ(reason({kPublicKey, kCertificate}), "Public keys can't be combined with certificates");
  EXPECT_EQ(reason({kPrivateKey}), "Failed to decode certificate. It should be PEM encoded.");
  EXPECT_EQ(reason({kCertificate, test::kOtherPrivateKey}),
            "tls: private key does not match public key");
}

class CertificateStoreTest : public ::testing::Test {
 protected:
  CertificateStoreTest() {
    store_ = storage::makeEmbeddedKeyStore({.file = folder_.file("keys.db")});
    test::awaitUp(*store_);
    loop_ = std::make_unique<test::StoreLoop>(*store_);
    certificates_ = std::make_unique<CertificateStore>(loop_->client(), std::string(kSecret));
  }
  auto add(std::string_view pem) {
    return loop_->ask([&](auto&) { return certificates_->add(std::string(pem), "org", 0); });
  }
  auto list() {
    return loop_->ask([&](auto&) { return certificates_->list("org"); });
  }
  test::Folder folder_;
  std::unique_ptr<storage::KeyStore> store_;
  std::unique_ptr<test::StoreLoop> loop_;
  std::unique_ptr<CertificateStore> certificates_;
  const std::string id_ = "org" + std::string(kFingerprint);
};

TEST_F(CertificateStoreTest, KeepsACertificateUnderItsDigest) {
  EXPECT_EQ(add(kCertificate).value(), id_);
  EXPECT_EQ(add(kCertificate).error().message(), "Certificate with " + id_ + " id already exists");
  EXPECT_EQ(list().value(), std::vector<std::string>{id_});
  const auto stored = loop_->ask([&](auto&) { return certificates_->get(id_); });
  EXPECT_EQ(stored.value(), kCertificate);
  EXPECT_TRUE(loop_->ask([&](auto&) { return certificates_->remove(id_, "org"); }).value());
  EXPECT_TRUE(list().value().empty());
}

TEST_F(CertificateStoreTest, FindsWhatWasStoredBeforeThereWasAnIndex) {
  const std::string key = "cert-raw-" + id_;
  loop_->ask([&](storage::KeyStoreClient& client) {
    return client.set(key, kCertificate, std::chrono::seconds(0), storage::SetIf::kAlways);
  });
  EXPECT_EQ(list().value(), std::vector<std::string>{id_});
  EXPECT_EQ(list().value(), std::vector<std::string>{id_});
}

TEST(ClientCheck, WantsAListedCertificate) {
  const auto certificate = Certificate::parse(kCertificate, kSecret);
  const CertificateSet set({{"one", *certificate}});
  net::PeerCertificates peer;
  unsigned char* der = nullptr;
  const int size = i2d_X509((*certificate)->leaf(), &der);
  peer.chain.emplace_back(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  peer.sha256 = kFingerprint;
  const std::int64_t now = 1'800'000'000;
  EXPECT_TRUE(checkClient(peer, set, {"missing", "one"}, now));
  EXPECT_EQ(checkClient(peer, set, {"missing"}, now).error().message(),
            "Certificate with SHA256 " + std::string(kFingerprint) + " not allowed");
  EXPECT_EQ(checkClient(peer, set, {"one"}, (*certificate)->notAfter() + 1).error().message(),
            "Certificate has expired");
}

}  // namespace
}  // namespace tykpp::certs
