#include "definition/upstream_trust.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::problemAt;
using test::shown;
using test::with;
using Texts = std::vector<std::string>;

const std::string kDigest(64, 'a');

class Trust : public ::testing::Test {
 protected:
  /// What an upstream of a definition gets.
  UpstreamTls of(const json& definition, const std::string& host, std::uint16_t port = 443) {
    problems_.clear();
    const auto spec = parseClassic(definition.dump(), "c.json", config_, problems_);
    EXPECT_TRUE(spec) << shown(problems_);
    return spec ? tlsFor(spec->tls, spec->trust.get(), host, port) : UpstreamTls{};
  }
  bool refused(const json& definition, const std::string& place) {
    problems_.clear();
    const auto spec = parseClassic(definition.dump(), "c.json", config_, problems_);
    return !spec && problemAt(problems_, place) != nullptr;
  }
  json definition_ =
      with(test::classicDefinition(), "/proxy/target_url", "https://up.example.com/");
  GatewayConfig config_;
  Problems problems_;
};

TEST_F(Trust, GoesByThePatternThatSaysMost) {
  config_.upstream_certificates = {{"*", "any"}};
  definition_["upstream_certificates"] = json::object();
  EXPECT_EQ(of(definition_, "up.example.com").client_certificate, "any");
  for (const char* pattern : {"*", "*.example.com", "up.Example.com", "up.example.com:443"}) {
    definition_["upstream_certificates"][pattern] = pattern;
    EXPECT_EQ(of(definition_, "up.example.com").client_certificate, pattern);
  }
  EXPECT_EQ(of(definition_, "up.example.com", 8443).client_certificate, "up.Example.com");
  EXPECT_EQ(of(definition_, "other.example.com").client_certificate, "*.example.com");
  EXPECT_EQ(of(definition_, "example.com").client_certificate, "*");
  EXPECT_EQ(of(definition_, "localhost").client_certificate, "*");
}

TEST_F(Trust, OfADefinitionBeatsTheConfigurations) {
  config_.upstream_certificates = {{"up.example.com", "gateways"}};
  config_.identity.tls.pinned_public_keys = {{"up.example.com", kDigest}};
  definition_["upstream_certificates"] = {{"*", "own"}};
  definition_["pinned_public_keys"] = {{"*", " one, two ,,"}};
  EXPECT_EQ(of(definition_, "up.example.com").client_certificate, "own");
  EXPECT_EQ(of(definition_, "up.example.com").pinned_keys, (Texts{"one", "two"}));
  // Switched off is what the definition says itself.
  definition_["upstream_certificates_disabled"] = true;
  definition_["certificate_pinning_disabled"] = true;
  EXPECT_EQ(of(definition_, "up.example.com").client_certificate, "gateways");
  EXPECT_EQ(of(definition_, "up.example.com").pinned_keys, Texts{kDigest});
  EXPECT_EQ(of(definition_, "elsewhere").client_certificate, "");
  EXPECT_TRUE(of(definition_, "elsewhere").pinned_keys.empty());
}

TEST_F(Trust, IsNoneWhereNothingIsSaid) {
  problems_.clear();
  const auto spec = parseClassic(definition_.dump(), "c.json", config_, problems_);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->trust, nullptr);
  EXPECT_EQ(tlsFor(spec->tls, nullptr, "h", 1), spec->tls);
}

TEST_F(Trust, NamesWhatHasToBeLookedUp) {
  const UpstreamTrust trust = {
      {{"a", "one"}}, {{"b", "two"}}, {{"c", kDigest}}, {{"d", "three," + kDigest}}};
  EXPECT_EQ(namesIn(trust), (Texts{"one", "two", "three"}));
}

TEST_F(Trust, TellsOfFilesThatAreNotThere) {
  const test::TempDir dir;
  const std::string good = dir.write("good.pem", "x");
  EXPECT_TRUE(refused(with(definition_, "/upstream_certificates", {{"*", "/nowhere/c.pem"}}),
                      "/upstream_certificates/*"));
  EXPECT_TRUE(refused(with(definition_, "/pinned_public_keys", {{"*", good + ",/nowhere/k.pem"}}),
                      "/pinned_public_keys/*"));
  // Nobody asks for those of other hosts, and not without TLS.
  EXPECT_FALSE(refused(with(definition_, "/upstream_certificates", {{"other", "/nowhere/c.pem"}}),
                       "/upstream_certificates/other"));
  EXPECT_FALSE(
      refused(with(test::classicDefinition(), "/upstream_certificates", {{"*", "/nowhere/c.pem"}}),
              "/upstream_certificates/*"));
  config_.upstream_certificates = {{"*", "missing.pem"}};
  EXPECT_TRUE(refused(definition_, ""));
}

TEST_F(Trust, ComesFromOasDocumentsToo) {
  json document = with(test::oasDefinition(), "/x-tyk-api-gateway/upstream", json::parse(R"({
      "url": "https://h/",
      "mutualTLS": {"enabled": true, "domainToCertificateMapping": [{"domain": "h", "certificate": "c"}]},
      "certificatePinning": {"enabled": true,
        "domainToPublicKeysMapping": [{"domain": "*", "publicKeys": ["k1", "k2"]}]}})"));
  const auto load = [&] {
    problems_.clear();
    const auto spec = parseOas(document.dump(), "o.json", config_, problems_);
    EXPECT_TRUE(spec) << shown(problems_);
    return spec ? tlsFor(spec->tls, spec->trust.get(), "h", 443) : UpstreamTls{};
  };
  EXPECT_EQ(load().client_certificate, "c");
  EXPECT_EQ(load().pinned_keys, (Texts{"k1", "k2"}));
  // An absent section is a disabled one; the configuration's entries are not its business.
  document["x-tyk-api-gateway"]["upstream"] = {{"url", "https://h/"}};
  config_.upstream_certificates = {{"*", "gateways"}};
  EXPECT_EQ(load().client_certificate, "gateways");
  EXPECT_TRUE(load().pinned_keys.empty());
}

}  // namespace
}  // namespace tykpp::definition
