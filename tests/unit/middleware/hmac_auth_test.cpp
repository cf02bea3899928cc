#include "middleware/hmac_auth.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "common/certificates.hpp"
#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "common/rsa_pair.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

constexpr const char* kId = "ocertificate";

class HmacAuthTest : public ::testing::Test {
 protected:
  HmacAuthTest() {
    api_.org_id = "o";
    rules_.hmac.enabled = true;
  }
  /// Keeps a certificate or public key in the certificate store.
  void store(const std::string& pem) {
    const std::string key = std::string("cert-raw-") + kId;
    keys_
        .ask([&](session::Keyring& ring) {
          return ring.client().set(key, pem, std::chrono::seconds(0), storage::SetIf::kAlways);
        })
        .value();
  }
  void drop() {
    const std::vector<std::string> names{std::string("cert-raw-") + kId};
    keys_.ask([&](session::Keyring& ring) { return ring.client().remove(names); }).value();
  }
  std::unique_ptr<chain::Step> step() {
    api_.auth = std::make_shared<definition::AuthRules>(rules_);
    auto steps = HmacAuth::create(
        {api_, keys_.config, 1, nullptr, nullptr, fired_.emitter(), &keys_.keyrings()});
    return std::move(steps->front());
  }
  Result<chain::Verdict> ask(const chain::Step& step, const std::string& algorithm,
                             const std::string& signature) {
    request_ = std::make_unique<test::TestExchange>("GET", "/");
    request_->exchange.api = &api_;
    request_->exchange.request().headers.add("Date", date_);
    header_ = "Signature keyId=\"mobile\",algorithm=\"" + algorithm + "\",signature=\"" +
              signature + "\"";
    request_->exchange.request().headers.add("Authorization", header_);
    return keys_.run(step, request_->exchange);
  }
  static std::string outcome(const Result<chain::Verdict>& verdict) {
    return verdict ? "good"
                   : std::to_string(verdict.error().status()) + " " + verdict.error().message();
  }
  std::string signature() const { return rsaSignature(pair_.key(), "date: " + date_).value(); }
  /// What a step that has seen nothing yet says of a good signature.
  std::string fresh() { return outcome(ask(*step(), "rsa-sha256", signature())); }

  definition::ApiSpec api_;
  definition::AuthRules rules_;
  test::KeyringLoop keys_;
  test::Fired fired_{"AuthFailure"};
  test::RsaPair pair_;
  std::string date_{httpDate()};
  std::string header_;
  std::unique_ptr<test::TestExchange> request_;
};

constexpr const char* kBad = "400 Authorization field missing, malformed or invalid";
constexpr const char* kSession =
    R"({"alias":"me","enable_http_signature_validation":true,"rsa_certificate_id":"ocertificate"})";

TEST_F(HmacAuthTest, TakesWhatTheCertificateOfAKeySigned) {
  keys_.put("omobile", kSession);
  for (const std::string& stored : {pair_.certificatePem(), pair_.publicPem()}) {
    store(stored);
    const auto checked = step();
    ASSERT_EQ(outcome(ask(*checked, "rsa-sha256", signature())), "good");
    EXPECT_EQ(request_->exchange.session->alias(), "me");
    EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", signature())), "good");  // from the cache
    const std::string other = rsaSignature(test::RsaPair().key(), "date: " + date_).value();
    for (const std::string& bad : {other, std::string(), std::string("A"), signature() + "A"})
      EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", bad)), kBad) << bad;
  }
  EXPECT_EQ(fired_.all().size(), 8u);
}

TEST_F(HmacAuthTest, ReadsEscapesOfEitherCaseAndNone) {
  keys_.put("omobile", kSession);
  store(pair_.publicPem());
  const auto checked = step();
  std::string lower = signature();
  std::string plain;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (lower[i] != '%') {
      plain += lower[i];
      continue;
    }
    const std::string digits = lower.substr(i + 1, 2);
    plain += digits == "2B" ? '+' : digits == "2F" ? '/' : '=';
    for (std::size_t at = i + 1; at < i + 3; ++at)
      lower[at] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[at])));
    i += 2;
  }
  EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", lower)), "good");
  EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", plain)), "good");
}

TEST_F(HmacAuthTest, NeedsACertificateThatIsThere) {
  keys_.put("omobile", kSession);
  EXPECT_EQ(fresh(), "500 Certificate not found");
  store("no certificate");
  EXPECT_EQ(fresh(), "500 Certificate not found");
  store(std::string(test::kCertificate));
  EXPECT_EQ(fresh(), "500 Certificate doesn't contain RSA Public key");
  EXPECT_EQ(fired_.all().size(), 0u);
}

TEST_F(HmacAuthTest, ForgetsACertificateWhenCertificatesChange) {
  keys_.put("omobile", kSession);
  store(pair_.publicPem());
  const auto checked = step();
  ASSERT_EQ(outcome(ask(*checked, "rsa-sha256", signature())), "good");
  drop();
  EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", signature())), "good");
  keys_.sync(
      [&] { keys_.keyring().setCertificates(std::make_shared<const certs::CertificateSet>()); });
  EXPECT_EQ(outcome(ask(*checked, "rsa-sha256", signature())), "500 Certificate not found");
}

TEST_F(HmacAuthTest, TakesTheSwitchOfAPolicy) {
  store(pair_.publicPem());
  keys_.put("omobile", R"({"rsa_certificate_id":"ocertificate","apply_policies":["p"]})");
  const auto policy = session::Policy::parse(
      R"({"id":"p","org_id":"o","active":true,"enable_http_signature_validation":true,
          "access_rights":{"a":{"api_id":"a","versions":["Default"]}}})");
  ASSERT_TRUE(policy);
  session::PolicySet::Entries entries;
  entries.insert_or_assign("p", session::PolicySet::Entry{*policy, "file"});
  const auto set = std::make_shared<session::PolicySet>(std::move(entries));
  keys_.sync([&] { keys_.keyring().setPolicies(set); });
  EXPECT_EQ(fresh(), "good");
}

TEST_F(HmacAuthTest, AsksTheSessionWhetherCertificatesCount) {
  store(pair_.publicPem());
  keys_.put("omobile", R"({"rsa_certificate_id":"ocertificate"})");
  EXPECT_EQ(fresh(), kBad);
  keys_.put("omobile", R"({"enable_http_signature_validation":true,"hmac_string":"s"})");
  EXPECT_EQ(fresh(), kBad);
  keys_.put("omobile", kSession);
  const auto checked = step();
  // The digest that an algorithm names is the one that counts.
  EXPECT_EQ(outcome(ask(*checked, "rsa-sha512", signature())), kBad);
  EXPECT_EQ(outcome(ask(*checked, "hmac-sha256", signature())), kBad);
  rules_.hmac.allowed_algorithms = {"hmac-sha256"};
  EXPECT_EQ(fresh(), kBad);
  rules_.hmac.allowed_algorithms = {"rsa-sha256"};
  EXPECT_EQ(fresh(), "good");
}

}  // namespace
}  // namespace tykpp::middleware
