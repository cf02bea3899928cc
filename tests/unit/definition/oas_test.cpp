#include "definition/oas.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::oasDefinition;
using test::problemAt;
using test::shown;
using test::with;

constexpr const char* kExtension = "/x-tyk-api-gateway";

ApiSpec oas(const json& document) {
  Problems problems;
  auto spec = parseOas(document.dump(), "apps/one.json", {}, problems);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? std::move(*spec) : ApiSpec{};
}

json extended(const std::string& pointer, const char* value) {
  return with(oasDefinition(), kExtension + pointer, json::parse(value));
}

TEST(Oas, BecomesTheSameApiAsItsClassicForm) {
  const ApiSpec spec = oas(oasDefinition());
  EXPECT_TRUE(spec.is_oas);
  EXPECT_EQ(spec.api_id, "one");
  EXPECT_EQ(spec.org_id, "default");
  EXPECT_EQ(spec.listen_path, "/one/");
  EXPECT_TRUE(spec.strip_listen_path);
  EXPECT_TRUE(spec.active);
  EXPECT_TRUE(spec.use_keyless);
  EXPECT_EQ(spec.target.text, "http://127.0.0.1:9000/base/");
  EXPECT_TRUE(spec.do_not_track) << "an absent section is a disabled one";
  EXPECT_TRUE(spec.domain_disabled);
  EXPECT_EQ(spec.config_data, "");
  EXPECT_EQ(json::parse(spec.oas_text), oasDefinition());
  EXPECT_EQ(json::parse(spec.classic_text).at("is_oas"), true);
}

TEST(Oas, ConvertsServerAndUpstream) {
  json document = oasDefinition();
  json& x = document["x-tyk-api-gateway"];
  x["info"]["expiration"] = "2099-01-01 00:00";
  x["info"]["dbId"] = "abc";
  x["info"]["state"]["internal"] = true;
  x["server"]["customDomain"] = {{"enabled", true}, {"name", "two.example.com"}};
  x["upstream"] = json::parse(
      R"({"url": "https://h/", "loadBalancing": {"enabled": true, "targets": [{"url": "https://a/", "weight": 2},
      {"url": "https://b/", "weight": 1}, {"url": "https://c/", "weight": 0}]}, "preserveHostHeader": {"enabled": true},
      "preserveTrailingSlash": {"enabled": true}, "tlsTransport": {"insecureSkipVerify": true, "minVersion": "1.3", "ciphers": ["C"]},
      "proxy": {"enabled": false, "url": "http://p:3128"}, "enforceTimeout": {"enabled": true, "duration": "2s"}})");
  x["middleware"]["global"] = json::parse(
      R"({"trafficLogs": {"enabled": true}, "pluginConfig": {"data": {"enabled": true, "value": {"k": 1}}}})");
  const ApiSpec spec = oas(document);
  EXPECT_TRUE(spec.expires_at);
  EXPECT_EQ(spec.id, "abc");
  EXPECT_TRUE(spec.internal);
  EXPECT_EQ(spec.domain, "two.example.com");
  EXPECT_FALSE(spec.domain_disabled);
  ASSERT_EQ(spec.targets.size(), 3U);
  EXPECT_EQ(spec.targets[0].host, "a");
  EXPECT_EQ(spec.targets[1].host, "a");
  EXPECT_EQ(spec.targets[2].host, "b");
  EXPECT_TRUE(spec.preserve_host_header);
  EXPECT_TRUE(spec.disable_strip_slash);
  EXPECT_TRUE(spec.tls.insecure_skip_verify);
  EXPECT_EQ(spec.tls.min_version, 772);
  EXPECT_EQ(spec.proxy_url, "http://p:3128");
  EXPECT_EQ(spec.enforced_timeout, std::chrono::milliseconds(2000));
  EXPECT_FALSE(spec.do_not_track);
  EXPECT_EQ(spec.config_data, R"({"k":1})");
}

TEST(Oas, ReadsPluginsWithTheirPlaces) {
  const ApiSpec spec =
      oas(extended("/middleware", R"({"global": {"pluginConfig": {"driver": "native"},
      "prePlugins": [{"enabled": true, "functionName": "A", "path": "a.so", "timeoutMs": 7, "onError": "skip", "isolate": true}, {"functionName": "off"}],
      "postPlugin": {"plugins": [{"enabled": true, "functionName": "Old", "driver": "lua"}]},
      "responsePlugins": [], "responsePlugin": {"plugins": [{"enabled": true, "functionName": "Hidden"}]},
      "trafficLogs": {"enabled": true, "plugins": [{"enabled": true, "functionName": "Record", "path": "r.so"}]}}})"));
  ASSERT_EQ(spec.hooks.pre.size(), 1U);
  EXPECT_EQ(spec.hooks.pre[0].name, "A");
  EXPECT_EQ(spec.hooks.pre[0].driver, "native");
  EXPECT_EQ(spec.hooks.pre[0].timeout.count(), 7);
  EXPECT_EQ(spec.hooks.pre[0].on_error, OnPluginError::kSkip);
  EXPECT_EQ(spec.hooks.pre[0].isolate, true);
  EXPECT_EQ(spec.hooks.pre[0].pointer, "/x-tyk-api-gateway/middleware/global/prePlugins/0");
  EXPECT_EQ(spec.hooks.post.at(0).driver, "lua");
  EXPECT_TRUE(spec.hooks.response.empty()) << "a list that is there wins over the old object";
  EXPECT_EQ(spec.hooks.analytics->name, "Record");
}

TEST(Oas, ReadsServersOfPlugins) {
  const ApiSpec spec = oas(extended(
      "/middleware", R"({"global": {"pluginConfig": {"driver": "grpc", "grpcServer": "tcp://api:2"},
      "prePlugins": [{"enabled": true, "functionName": "A"}],
      "postPlugins": [{"enabled": true, "functionName": "B", "grpcServer": "tcp://own:3"}]}})"));
  EXPECT_EQ(spec.hooks.pre.at(0).grpc_server, "tcp://api:2");
  EXPECT_EQ(spec.hooks.post.at(0).grpc_server, "tcp://own:3");
}

TEST(Oas, ReadsAuthenticationByPlugin) {
  const ApiSpec spec = oas(
      extended("/server/authentication", R"({"enabled": true, "baseIdentityProvider": "custom_auth",
      "custom": {"enabled": true, "config": {"enabled": true, "functionName": "Check", "path": "a.so"}, "header": {"enabled": true, "name": "X-Key"}}})"));
  EXPECT_FALSE(spec.use_keyless);
  EXPECT_TRUE(spec.custom_auth);
  EXPECT_EQ(spec.base_identity_provided_by, "custom_auth");
  ASSERT_TRUE(spec.hooks.auth);
  EXPECT_EQ(spec.hooks.auth->name, "Check");
  EXPECT_EQ(
      json::parse(spec.classic_text).at("auth_configs").at("coprocess").at("auth_header_name"),
      "X-Key");
}

TEST(Oas, TellsWrongTypesAtTheirPlaces) {
  const struct {
    const char* pointer;
    const char* value;
  } kCases[] = {{"/info/name", "5"},
                {"/server/listenPath/strip", "\"yes\""},
                {"/server/port", "\"80\""},
                {"/upstream/loadBalancing/targets", "{}"},
                {"/middleware/global/prePlugins/0/enabled", "1"},
                {"/middleware/global", "[]"}};
  for (const auto& test : kCases) {
    Problems problems;
    json document = oasDefinition();
    if (std::string_view(test.pointer).find("prePlugins") != std::string_view::npos) {
      document["x-tyk-api-gateway"]["middleware"]["global"]["prePlugins"] =
          json::array({json::object()});
    }
    document[json::json_pointer(std::string(kExtension) + test.pointer)] = json::parse(test.value);
    EXPECT_FALSE(parseOas(document.dump(), "o.json", {}, problems)) << test.pointer;
    const Problem* problem = problemAt(problems, std::string(kExtension) + test.pointer);
    ASSERT_NE(problem, nullptr) << test.pointer << "\n" << shown(problems);
    EXPECT_TRUE(problem->reason.starts_with("expected") ||
                problem->reason.find("missing") != std::string::npos);
  }
}

TEST(Oas, TellsWrongValuesAtTheirPlacesInTheDocument) {
  const struct {
    const char* pointer;
    const char* value;
  } kCases[] = {{"/server/listenPath/value", "\"\""},
                {"/server/listenPath/value", "\"/a b/\""},
                {"/upstream/url", "\"h:80\""},
                {"/upstream/url", "\"tyk://other\""},
                {"/server/customDomain/name", "\"http://h\""},
                {"/server/port", "9999"},
                {"/server/protocol", "\"h2c\""},
                {"/upstream/proxy/url", "\"socks5://h\""},
                {"/info/name", "\" \""}};
  for (const auto& test : kCases) {
    Problems problems;
    EXPECT_FALSE(parseOas(extended(test.pointer, test.value).dump(), "o.json", {}, problems))
        << test.pointer;
    EXPECT_NE(problemAt(problems, std::string(kExtension) + test.pointer), nullptr)
        << test.pointer << "\n"
        << shown(problems);
  }
}

TEST(Oas, RefusesWhatIsNotBuiltAtItsPlace) {
  const struct {
    const char* pointer;
    const char* value;
    const char* reported;
  } kCases[] = {
      {"/server/batchProcessing/enabled", "true", nullptr},
      {"/server/authentication", R"({"enabled": true, "oidc": {"enabled": true}})",
       "/server/authentication/oidc"},
      {"/server/authentication/protectedResourceMetadata/enabled", "true",
       "/server/authentication/protectedResourceMetadata"},
      {"/upstream/serviceDiscovery/enabled", "true", "/upstream/serviceDiscovery"},
      {"/upstream/uptimeTests/enabled", "true", "/upstream/uptimeTests"},
      {"/upstream/authentication", R"({"enabled": true, "oauth": {"enabled": true}})",
       "/upstream/authentication/oauth"},
      {"/upstream/loadBalancing",
       R"({"enabled": true, "skipUnavailableHosts": true, "targets": [{"url": "http://a", "weight": 1}]})",
       "/upstream/loadBalancing/skipUnavailableHosts"},
      {"/middleware/global/transformRequestHeaders",
       R"({"enabled": true, "add": [{"name": "A", "value": "$secret_vault.b"}]})",
       "/middleware/global/transformRequestHeaders/add/A"},
      {"/errorOverrides", R"({"enabled": true})", nullptr},
      {"/middleware/mcpTools", R"({"a": {}})", nullptr},
      {"/middleware/operations/getget", R"({"mockResponse": {"enabled": true}})",
       "/middleware/operations/getget/mockResponse"},
  };
  for (const auto& test : kCases) {
    Problems problems;
    EXPECT_FALSE(parseOas(extended(test.pointer, test.value).dump(), "o.json", {}, problems))
        << test.pointer;
    const std::string place =
        kExtension + std::string(test.reported != nullptr ? test.reported : test.pointer);
    const Problem* problem = problemAt(problems, place);
    ASSERT_NE(problem, nullptr) << place << "\n" << shown(problems);
    EXPECT_TRUE(problem->reason.ends_with("is not built yet")) << problem->reason;
  }
}

TEST(Oas, RefusesStreams) {
  Problems problems;
  EXPECT_FALSE(parseOas(with(oasDefinition(), "/x-tyk-streaming", json::object()).dump(), "o.json",
                        {}, problems));
  EXPECT_NE(problemAt(problems, "/x-tyk-streaming"), nullptr) << shown(problems);
}

TEST(Oas, AcceptsDisabledSectionsAndRulesOfNoOperation) {
  json document = oasDefinition();
  document["x-tyk-api-gateway"]["middleware"] = json::parse(
      R"({"operations": {"getget": {"allow": {"enabled": false}, "cache": {"enabled": true}},
      "nobody": {"allow": {"enabled": true}}}, "global": {"cors": {"enabled": false, "maxAge": 5}, "contextVariables": {"enabled": true}}})");
  Problems problems;
  EXPECT_TRUE(parseOas(document.dump(), "o.json", {}, problems)) << shown(problems);
  EXPECT_EQ(problemAt(problems, "/x-tyk-api-gateway/middleware/operations/nobody")->severity,
            Severity::kWarning);
}

TEST(Oas, RefusesDocumentsThatAreNotOas) {
  const struct {
    json document;
    const char* reason;
  } kCases[] = {{json::array(), "expected an object"},
                {with(oasDefinition(), "/openapi", "2.0"), "3.0 or 3.1"},
                {with(oasDefinition(), "/openapi", 3), "3.0 or 3.1"},
                {with(oasDefinition(), "/paths", json::array()), "expected an object"},
                {with(oasDefinition(), "/x-tyk-api-gateway", json::array()), "expected an object"},
                {with(oasDefinition(), "/x-tyk-api-gateway", json::object()), "server is missing"}};
  for (const auto& test : kCases) {
    Problems problems;
    EXPECT_FALSE(parseOas(test.document.dump(), "o.json", {}, problems)) << test.document.dump();
    EXPECT_NE(shown(problems).find(test.reason), std::string::npos) << shown(problems);
  }
  json plain = oasDefinition();
  plain.erase("x-tyk-api-gateway");
  Problems problems;
  EXPECT_FALSE(parseOas(plain.dump(), "o.json", {}, problems));
  EXPECT_NE(shown(problems).find("the payload should contain x-tyk-api-gateway"),
            std::string::npos);
}

TEST(OasConversion, GivesAClassicHalfThatLoadsWithItsDocument) {
  Problems problems;
  auto classic = convertOasToClassic(oasDefinition().dump(), problems);
  ASSERT_TRUE(classic) << shown(problems);
  auto spec = parsePair(*classic, "one.json", oasDefinition().dump(), "one-oas.json", {}, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_EQ(spec->listen_path, "/one/");
  EXPECT_TRUE(spec->is_oas);
}

TEST(OasConversion, LeavesSecretReferencesAsTheyAre) {
  Problems problems;
  auto classic =
      convertOasToClassic(extended("/upstream/url", "\"secrets://target\"").dump(), problems);
  ASSERT_TRUE(classic) << shown(problems);
  EXPECT_EQ(json::parse(*classic).at("proxy").at("target_url"), "secrets://target");
}

TEST(OasConversion, TellsWhatItCannotConvert) {
  Problems problems;
  EXPECT_FALSE(convertOasToClassic("{", problems));
  EXPECT_EQ(problems.size(), 1U);
  EXPECT_EQ(convertOasToClassic(extended("/upstream/uptimeTests/enabled", "true").dump(), problems)
                .error()
                .code(),
            Errc::kNotBuilt);
}

}  // namespace
}  // namespace tykpp::definition
