#include "middleware/request_signing.hpp"

#include <gtest/gtest.h>

#include "certs/certificate_set.hpp"
#include "common/certificates.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "common/rsa_pair.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "middleware/http_signature.hpp"

namespace tykpp::middleware {
namespace {

class RequestSigningTest : public ::testing::Test {
 protected:
  RequestSigningTest() {
    rules_.signing.enabled = true;
    rules_.signing.key_id = "gateway";
    rules_.signing.algorithm = "rsa-sha256";
    rules_.signing.certificate_id = "id";
    rules_.signing.header_list = {"(request-target)", "X-One"};
  }
  void have(const std::string& pem) {
    certs::CertificateSet::Map entries;
    entries["id"] = certs::Certificate::parse(pem, "").value();
    const auto set = std::make_shared<const certs::CertificateSet>(std::move(entries));
    keys_.sync([&] { keys_.keyring().setCertificates(set); });
  }
  /// The header that a request gets, or why it gets none.
  std::string signedWith() {
    api_.auth = std::make_shared<definition::AuthRules>(rules_);
    request_ = std::make_unique<test::TestExchange>("GET", "/a?b=c");
    request_->exchange.request().headers.add("X-One", "1");
    auto steps = RequestSigning::create(
        {api_, keys_.config, 1, nullptr, nullptr, nullptr, &keys_.keyrings()});
    const auto verdict = keys_.run(*steps->front(), request_->exchange);
    if (!verdict) return std::to_string(verdict.error().status()) + " " + verdict.error().message();
    return std::string(request_->exchange.request().headers.get("authorization"));
  }
  definition::ApiSpec api_;
  definition::AuthRules rules_;
  test::KeyringLoop keys_;
  test::RsaPair pair_;
  std::unique_ptr<test::TestExchange> request_;
};

TEST_F(RequestSigningTest, SignsWithThePrivateKeyOfACertificate) {
  have(pair_.certificatePem() + pair_.privatePem());
  const std::string header = signedWith();
  const auto signature = parseSignature(header);
  ASSERT_TRUE(signature) << header;
  EXPECT_EQ(signature->key_id, "gateway");
  EXPECT_EQ(signature->algorithm, "rsa-sha256");
  EXPECT_EQ(signature->headers, (std::vector<std::string>{"X-One"}));
  EXPECT_TRUE(rsaFits(pair_.key(), "x-one: 1", signature->signature)) << header;
}

TEST_F(RequestSigningTest, TellsWhatIsWrongWithItsCertificate) {
  EXPECT_EQ(signedWith(), "500 Certificate not found");
  have(pair_.certificatePem());
  EXPECT_EQ(signedWith(), "500 Certificate not found");
  have(std::string(test::kCertificate) + std::string(test::kPrivateKey));
  EXPECT_EQ(signedWith(), "500 Certificate does not contain RSA private key");
}

TEST_F(RequestSigningTest, TellsWhatIsMissing) {
  const auto outcome = [&](const char* algorithm, const char* secret, const char* certificate) {
    rules_.signing.algorithm = algorithm;
    rules_.signing.secret = secret;
    rules_.signing.certificate_id = certificate;
    return signedWith();
  };
  const char* kMissing = "500 Fields required for signing the request are missing";
  const char* kUnknown = "500 Request signing algorithm is not supported";
  EXPECT_EQ(outcome("rsa-sha256", "", ""), kMissing);
  EXPECT_EQ(outcome("rsa-sha256", "s", ""), "500 CertificateID is empty");
  EXPECT_EQ(outcome("hmac-sha256", "", "id"), kMissing);
  EXPECT_EQ(outcome("rsa-sha512", "", "id"), kUnknown);
  rules_.signing.allowed_algorithms = {"rsa-sha512"};
  EXPECT_EQ(outcome("rsa-sha512", "", "id"), kUnknown);
  EXPECT_EQ(outcome("rsa-sha256", "", "id"), kUnknown);
  EXPECT_TRUE(outcome("rsa-sha512", "s", "").starts_with("500 "));
}

TEST_F(RequestSigningTest, NeedsAStoreForACertificate) {
  api_.auth = std::make_shared<definition::AuthRules>(rules_);
  EXPECT_FALSE(RequestSigning::create({api_, keys_.config, 1}));
  rules_.signing.algorithm = "hmac-sha1";
  api_.auth = std::make_shared<definition::AuthRules>(rules_);
  EXPECT_TRUE(RequestSigning::create({api_, keys_.config, 1}));
}

}  // namespace
}  // namespace tykpp::middleware
