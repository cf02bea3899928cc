#include "definition/listener_rules.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "definition/gateway_config.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;

/// Reads a definition with members replaced. @return the problems, empty when it loads
std::string problemsOf(const json& changes, const GatewayConfig& config, ApiSpec* out = nullptr) {
  json definition = test::classicDefinition();
  definition.update(changes);
  Problems problems;
  auto spec = parseClassic(definition.dump(), "one.json", config, problems);
  if (spec && out != nullptr) *out = std::move(*spec);
  return spec ? std::string() : test::shown(problems);
}

TEST(ListenerRules, APortHasToBeAllowedForItsProtocol) {
  GatewayConfig config;
  config.ports.ports_whitelist["https"] = {{9443}, {{9500, 9502}}};
  const auto allowed = [&](int port, const char* protocol) {
    return problemsOf({{"listen_port", port}, {"protocol", protocol}}, config).empty();
  };
  EXPECT_TRUE(allowed(9443, "https"));
  EXPECT_TRUE(allowed(9500, "HTTPS"));
  EXPECT_TRUE(allowed(9502, "https"));
  EXPECT_FALSE(allowed(9503, "https"));
  EXPECT_FALSE(allowed(9443, "http"));
  EXPECT_TRUE(allowed(config.listen_port, "http"));
  config.ports.disable_ports_whitelist = true;
  EXPECT_TRUE(allowed(9443, "http"));
}

TEST(ListenerRules, TheGatewaysOwnPortSpeaksWhatTheGatewaySays) {
  GatewayConfig config;
  EXPECT_NE(problemsOf({{"protocol", "https"}}, config).find("/protocol"), std::string::npos);
  config.http_server_options.use_ssl = true;
  ApiSpec spec;
  EXPECT_EQ(problemsOf({{"protocol", ""}}, config, &spec), "");
  EXPECT_EQ(spec.listener->protocol, "https");
  EXPECT_NE(problemsOf({{"protocol", "http"}}, config), "");
}

TEST(ListenerRules, AllowedClientsAreThoseOfTheApiAndOfAllApis) {
  GatewayConfig config;
  config.identity.tls.client_certificates = {"everywhere"};
  ApiSpec spec;
  EXPECT_EQ(problemsOf({{"use_mutual_tls_auth", true},
                        {"client_certificates", {"here"}},
                        {"certificates", {"server.pem"}},
                        {"domain", "API.example.com"}},
                       config, &spec),
            "");
  EXPECT_TRUE(spec.listener->use_mutual_tls_auth);
  EXPECT_EQ(spec.listener->client_certificates, (std::vector<std::string>{"here", "everywhere"}));
  EXPECT_EQ(spec.listener->certificates, std::vector<std::string>{"server.pem"});
  EXPECT_EQ(spec.listener->tls_domain, "api.example.com");
}

TEST(ListenerRules, ADomainThatIsSwitchedOffDoesNotCount) {
  ApiSpec spec;
  EXPECT_EQ(problemsOf({{"domain", "a.example"}, {"domain_disabled", true}}, {}, &spec), "");
  EXPECT_EQ(spec.listener->tls_domain, "");
}

}  // namespace
}  // namespace tykpp::definition
