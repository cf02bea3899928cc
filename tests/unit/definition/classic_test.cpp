#include "definition/classic.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::problemAt;
using test::shown;
using test::with;

Result<ApiSpec> parse(const json& definition, Problems& problems,
                      const GatewayConfig& config = {}) {
  return parseClassic(definition.dump(), "apps/one.json", config, problems);
}

ApiSpec classic(const json& definition, const GatewayConfig& config = {}) {
  Problems problems;
  auto spec = parse(definition, problems, config);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? std::move(*spec) : ApiSpec{};
}

TEST(Classic, FillsIdentityRoutingAndUpstream) {
  json definition = classicDefinition();
  definition["id"] = "0123456789abcdef01234567";
  definition["slug"] = "slug";
  definition["domain"] = "one.example.com";
  definition["do_not_track"] = true;
  definition["proxy"]["preserve_host_header"] = true;
  definition["proxy"]["disable_strip_slash"] = true;
  const ApiSpec spec = classic(definition);
  EXPECT_EQ(spec.file, "apps/one.json");
  EXPECT_EQ(spec.api_id, "one");
  EXPECT_EQ(spec.id, "0123456789abcdef01234567");
  EXPECT_EQ(spec.org_id, "default");
  EXPECT_EQ(spec.name, "one");
  EXPECT_EQ(spec.slug, "slug");
  EXPECT_TRUE(spec.active);
  EXPECT_EQ(spec.listen_path, "/one/");
  EXPECT_TRUE(spec.strip_listen_path);
  EXPECT_EQ(spec.domain, "one.example.com");
  EXPECT_EQ(spec.target.host, "127.0.0.1");
  EXPECT_EQ(spec.target.port, 9000);
  EXPECT_EQ(spec.target.path, "/base/");
  EXPECT_TRUE(spec.preserve_host_header);
  EXPECT_TRUE(spec.disable_strip_slash);
  EXPECT_TRUE(spec.use_keyless);
  EXPECT_TRUE(spec.do_not_track);
  EXPECT_FALSE(spec.is_oas);
  EXPECT_EQ(json::parse(spec.classic_text), definition);
  EXPECT_TRUE(spec.oas_text.empty());
}

TEST(Classic, KeepsTheTextWithoutItsWhiteSpace) {
  Problems problems;
  json definition = classicDefinition();
  definition["name"] = " spaces \" stay ";
  auto spec = parseClassic(definition.dump(4), "f.json", {}, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_EQ(spec->classic_text, definition.dump());
}

TEST(Classic, ChecksumTellsTextsApart) {
  const ApiSpec one = classic(classicDefinition());
  EXPECT_EQ(one.checksum, classic(classicDefinition()).checksum);
  EXPECT_NE(one.checksum, classic(with(classicDefinition(), "/name", "other")).checksum);
  EXPECT_EQ(one.checksum.size(), 32U);
}

TEST(Classic, FindsFieldsInAnyCaseAndPrefersTheExactOne) {
  json definition = classicDefinition();
  definition["PROXY"] = definition["proxy"];
  definition.erase("proxy");
  definition["PROXY"]["Listen_Path"] = "/other/";
  definition["ORG_ID"] = "shouted";
  const ApiSpec spec = classic(definition);
  EXPECT_EQ(spec.listen_path, "/one/");
  EXPECT_EQ(spec.org_id, "default");
}

TEST(Classic, TakesNullForMissing) {
  json definition = classicDefinition();
  for (const char* field :
       {"domain", "expiration", "custom_middleware", "CORS", "tags", "config_data"})
    definition[field] = nullptr;
  EXPECT_EQ(classic(definition).domain, "");
}

TEST(Classic, NamesTheFieldAndTypeOfEveryWrongValue) {
  json definition = classicDefinition();
  definition["active"] = "yes";
  definition["proxy"]["strip_listen_path"] = 1;
  definition["proxy"]["target_list"] = json::array({"a", 5});
  definition["listen_port"] = 1.5;
  definition["version_data"]["versions"]["Default"]["name"] = 7;
  definition["custom_middleware"]["pre"] = json::object();
  definition["tags"] = "one";
  Problems problems;
  EXPECT_FALSE(parse(definition, problems));
  for (const char* pointer :
       {"/active", "/proxy/strip_listen_path", "/proxy/target_list/1", "/listen_port",
        "/version_data/versions/Default/name", "/custom_middleware/pre", "/tags"}) {
    ASSERT_NE(problemAt(problems, pointer), nullptr) << pointer << "\n" << shown(problems);
    EXPECT_EQ(problemAt(problems, pointer)->file, "apps/one.json");
  }
  EXPECT_EQ(problemAt(problems, "/active")->reason, "expected true or false, found string");
  EXPECT_EQ(problemAt(problems, "/listen_port")->reason, "expected an integer, found a fraction");
}

TEST(Classic, RefusesTextThatIsNoDefinition) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string deep_object = [] {
    std::string text;
    for (int i = 0; i < 500; ++i) text += R"({"config_data":)";
    return text;
  }();
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{ \"api_id\": "), std::string("[]"),
        std::string("5"), std::string("null"), std::string("{} x"), std::string("\xff\xfe"),
        std::string("{\"api_id\": \"\xff\"}"), std::string("{\"a\": 1e999}"), deep, deep_object}) {
    Problems problems;
    const auto spec = parseClassic(text, "bad.json", {}, problems);
    ASSERT_FALSE(spec) << text.substr(0, 40);
    ASSERT_FALSE(problems.empty());
    EXPECT_EQ(problems.front().file, "bad.json");
  }
}

TEST(Classic, TellsWhereJsonEnds) {
  Problems problems;
  EXPECT_FALSE(parseClassic("{\n  \"api_id\": \"x\",\n", "bad.json", {}, problems));
  EXPECT_NE(problems.front().reason.find("not valid JSON: line"), std::string::npos)
      << problems.front().reason;
}

TEST(Classic, RefusesWhatCannotBeServed) {
  const struct {
    const char* pointer;
    json value;
    const char* reason;
  } kCases[] = {
      {"/proxy/listen_path", "", "Listen path is empty"},
      {"/proxy/listen_path", "/with space/", "Listen path contains spaces"},
      {"/proxy/listen_path", "/{id", "Invalid listen path when creating router"},
      {"/proxy/listen_path", "consul://path", "not built"},
      {"/proxy/target_url", "", "couldn't parse target URL"},
      {"/proxy/target_url", "http://h:port/", "couldn't parse target URL"},
      {"/proxy/target_url", "vault://a.b", "not built"},
      {"/proxy/transport/ssl_min_version", 3, "769"},
      {"/proxy/transport/proxy_url", "socks5://p", "HTTP proxy"},
      {"/domain", "http://h", "host name"},
      {"/api_id", "a/b", "slashes"},
      {"/api_id", "..", "directory"},
      {"/listen_port", 70000, "65535"},
  };
  for (const auto& test : kCases) {
    Problems problems;
    const auto spec = parse(with(classicDefinition(), test.pointer, test.value), problems);
    ASSERT_FALSE(spec) << test.pointer << test.value;
    const Problem* problem = problemAt(problems, test.pointer);
    ASSERT_NE(problem, nullptr) << test.pointer << "\n" << shown(problems);
    EXPECT_NE(problem->reason.find(test.reason), std::string::npos) << problem->reason;
  }
}

TEST(Classic, NamesTheApiAfterItsFileWhenItHasNoId) {
  json definition = classicDefinition();
  definition.erase("api_id");
  Problems problems;
  const auto spec = parse(definition, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_EQ(spec->api_id, "one");
  EXPECT_EQ(problemAt(problems, "/api_id")->severity, Severity::kWarning);
}

TEST(Classic, ServesAnInactiveApiWithAWarning) {
  Problems problems;
  ASSERT_TRUE(parse(with(classicDefinition(), "/active", false), problems));
  EXPECT_EQ(problemAt(problems, "/active")->severity, Severity::kWarning);
}

TEST(Classic, ReadsTheExpiryInUtc) {
  EXPECT_EQ(classic(with(classicDefinition(), "/expiration", "2024-02-29 12:30")).expires_at,
            1709209800);
  EXPECT_FALSE(classic(with(classicDefinition(), "/expiration", "-1")).expires_at);
  EXPECT_FALSE(classic(with(classicDefinition(), "/expiration", "")).expires_at);
  for (const char* text :
       {"2023-02-29 12:30", "never", "2024-01-01", "2024-01-01 24:00", "2024-01-01T00:00"}) {
    Problems problems;
    const auto spec = parse(with(classicDefinition(), "/expiration", text), problems);
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->expires_at, 0) << text;
    EXPECT_NE(problemAt(problems, "/expiration"), nullptr);
  }
}

TEST(Classic, ReadsTheEnforcedTimeoutOfTheVersion) {
  const std::string field = "/version_data/versions/Default/global_enforce_timeout";
  EXPECT_EQ(classic(with(classicDefinition(), field, "1.5s")).enforced_timeout,
            std::chrono::milliseconds(1500));
  EXPECT_EQ(classic(with(classicDefinition(), field, "10us")).enforced_timeout,
            std::chrono::milliseconds(1));
  EXPECT_FALSE(classic(with(classicDefinition(), field, "0s")).enforced_timeout);
  EXPECT_FALSE(classic(with(with(classicDefinition(), field, "1s"), field + "_disabled", true))
                   .enforced_timeout);
  Problems problems;
  const auto spec = parse(with(classicDefinition(), field, "soon"), problems);
  ASSERT_TRUE(spec);
  EXPECT_FALSE(spec->enforced_timeout);
  EXPECT_NE(problemAt(problems, field), nullptr);
}

TEST(Classic, ExpandsLoadBalancingTargets) {
  json definition = classicDefinition();
  definition["proxy"]["enable_load_balancing"] = true;
  definition["proxy"]["target_list"] = {"http://a/", "b:81", "b:81"};
  const ApiSpec spec = classic(definition);
  ASSERT_EQ(spec.targets.size(), 3U);
  EXPECT_EQ(spec.targets[1].text, "http://b:81");
  definition["proxy"]["enable_load_balancing"] = false;
  EXPECT_TRUE(classic(definition).targets.empty());
}

TEST(Classic, NamesTheWrongTargetOfAList) {
  json definition = classicDefinition();
  definition["proxy"]["enable_load_balancing"] = true;
  definition["proxy"]["target_list"] = {"http://a/", "http://b:0/"};
  Problems problems;
  EXPECT_FALSE(parse(definition, problems));
  EXPECT_NE(problemAt(problems, "/proxy/target_list/1"), nullptr) << shown(problems);
}

TEST(Classic, MergesTlsSettingsOverTheConfiguration) {
  GatewayConfig config;
  config.proxy_ssl_min_version = 770;
  config.proxy_ssl_ciphers = {"C"};
  config.proxy_ssl_insecure_skip_verify = true;
  json definition = classicDefinition();
  const ApiSpec plain = classic(definition, config);
  EXPECT_TRUE(plain.tls.insecure_skip_verify);
  EXPECT_EQ(plain.tls.min_version, 770);
  EXPECT_EQ(plain.tls.ciphers, std::vector<std::string>{"C"});
  definition["proxy"]["transport"] = {{"ssl_min_version", 772},
                                      {"ssl_max_version", 770},
                                      {"ssl_ciphers", {"D"}},
                                      {"ssl_force_common_name_check", true},
                                      {"proxy_url", "http://p:3128"}};
  const ApiSpec own = classic(definition, config);
  EXPECT_EQ(own.tls.min_version, 772);
  EXPECT_EQ(own.tls.max_version, 772)
      << "any maximum of an API means TLS 1.2, and not below the minimum";
  EXPECT_EQ(own.tls.ciphers, std::vector<std::string>{"D"});
  EXPECT_TRUE(own.tls.force_common_name_check);
  EXPECT_EQ(own.proxy_url, "http://p:3128");
}

TEST(Classic, ReplacesSecretReferencesFirst) {
  ::setenv("TYKPP_TEST_TARGET", "http://from-env:81/", 1);
  GatewayConfig config;
  config.secrets = {{"path", "/hidden/"}};
  json definition = with(classicDefinition(), "/proxy/target_url", "env://TYKPP_TEST_TARGET");
  definition["proxy"]["listen_path"] = "secrets://path";
  const ApiSpec spec = classic(definition, config);
  EXPECT_EQ(spec.target.host, "from-env");
  EXPECT_EQ(spec.listen_path, "/hidden/");
  // What the control API shows is the reference, never the secret behind it.
  EXPECT_EQ(spec.classic_text.find("from-env"), std::string::npos);
  EXPECT_NE(spec.classic_text.find("env://TYKPP_TEST_TARGET"), std::string::npos);
}

TEST(Classic, KeepsConfigDataUnlessDisabledOrEmpty) {
  json definition = with(classicDefinition(), "/config_data", {{"b", 1}, {"a", {1, "two"}}});
  EXPECT_EQ(classic(definition).config_data, R"({"a":[1,"two"],"b":1})");
  EXPECT_EQ(classic(with(definition, "/config_data_disabled", true)).config_data, "");
  EXPECT_EQ(classic(with(definition, "/config_data", json::object())).config_data, "");
}

TEST(ClassicPair, KeepsBothHalves) {
  Problems problems;
  const json classic = with(classicDefinition(), "/is_oas", true);
  const json oas = test::oasDefinition();
  auto spec = parsePair(classic.dump(), "one.json", oas.dump(2), "one-oas.json", {}, problems);
  ASSERT_TRUE(spec) << shown(problems);
  EXPECT_TRUE(spec->is_oas);
  EXPECT_EQ(spec->oas_text, oas.dump());
  auto other = parsePair(classic.dump(), "one.json", test::with(oas, "/info/title", "new").dump(),
                         "one-oas.json", {}, problems);
  ASSERT_TRUE(other);
  EXPECT_NE(spec->checksum, other->checksum);
}

TEST(ClassicPair, RefusesRulesThatOnlyTheOasHalfHas) {
  Problems problems;
  const json oas =
      with(test::oasDefinition(),
           "/x-tyk-api-gateway/middleware/operations/getget/validateRequest/enabled", true);
  EXPECT_FALSE(parsePair(with(classicDefinition(), "/is_oas", true).dump(), "one.json", oas.dump(),
                         "one-oas.json", {}, problems));
  const Problem* problem =
      problemAt(problems, "/x-tyk-api-gateway/middleware/operations/getget/validateRequest");
  ASSERT_NE(problem, nullptr) << shown(problems);
  EXPECT_EQ(problem->file, "one-oas.json");
}

}  // namespace
}  // namespace tykpp::definition
