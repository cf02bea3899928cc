#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::shown;
using test::with;

struct Asked {
  const char* pointer;   ///< what is set
  const char* value;     ///< as JSON
  const char* reported;  ///< where the error is; null: at `pointer`
};

class NotBuilt : public ::testing::TestWithParam<Asked> {};

TEST_P(NotBuilt, IsALoadErrorThatNamesTheField) {
  const Asked& asked = GetParam();
  Problems problems;
  const auto spec =
      parseClassic(with(classicDefinition(), asked.pointer, json::parse(asked.value)).dump(),
                   "one.json", {}, problems);
  ASSERT_FALSE(spec) << asked.pointer;
  const std::string place = asked.reported != nullptr ? asked.reported : asked.pointer;
  const Problem* problem = test::problemAt(problems, place);
  ASSERT_NE(problem, nullptr) << place << "\n" << shown(problems);
  EXPECT_TRUE(problem->reason.ends_with("is not built yet")) << problem->reason;
  EXPECT_EQ(spec.error().code(), Errc::kNotBuilt);
}

#define TYKPP_VERSION "/version_data/versions/Default"
INSTANTIATE_TEST_SUITE_P(
    Fields, NotBuilt,
    ::testing::Values(Asked{"/enable_proxy_protocol", "true", nullptr},
                      Asked{"/upstream_auth", R"({"enabled": true, "oauth": {"enabled": true}})",
                            "/upstream_auth/oauth"},
                      Asked{"/graphql/enabled", "true", nullptr},
                      Asked{"/enable_batch_request_support", "true", nullptr},
                      Asked{"/proxy/service_discovery/use_discovery_service", "true", nullptr},
                      Asked{"/proxy/check_host_against_uptime_tests", "true", nullptr},
                      Asked{"/protocol", "\"tcp\"", nullptr},
                      Asked{"/protocol", "\"h2c\"", nullptr},

                      Asked{"/uptime_tests/check_list", R"([{"url": "http://h/"}])", nullptr},
                      Asked{"/error_overrides", R"({"500": [{}]})", nullptr},
                      Asked{"/response_processors",
                            R"([{"name": "response_body_transform", "options": {"a": {}}}])",
                            "/response_processors/0"},
                      Asked{"/response_processors", R"([{"name": "header_transform"}])",
                            "/response_processors/0"},
                      Asked{"/application_protocol", "\"mcp\"", nullptr},
                      Asked{"/proxy/target_url", "\"tyk://other/\"", nullptr},
                      Asked{"/proxy/target_url", "\"h2c://h/\"", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    EndpointRules, NotBuilt, ::testing::ValuesIn([] {
      static std::vector<std::pair<std::string, std::string>> texts;
      std::vector<Asked> cases;
      const char* lists[] = {
          "transform",     "transform_response", "transform_jq",  "transform_jq_response",
          "hard_timeouts", "circuit_breakers",   "validate_json", "persist_graphql"};
      texts.reserve(std::size(lists));
      for (const char* list : lists) {
        texts.emplace_back(
            std::string(R"({"name": "Default", "use_extended_paths": true, "extended_paths": {")") +
                list + R"(": [{"path": "/a", "method": "GET"}]}})",
            std::string(TYKPP_VERSION "/extended_paths/") + list + "/0");
      }
      for (const auto& [value, place] : texts)
        cases.push_back({TYKPP_VERSION, value.c_str(), place.c_str()});
      return cases;
    }()));

class Accepted : public ::testing::TestWithParam<Asked> {};

TEST_P(Accepted, LoadsWithoutAnError) {
  Problems problems;
  const auto spec = parseClassic(
      with(classicDefinition(), GetParam().pointer, json::parse(GetParam().value)).dump(),
      "one.json", {}, problems);
  EXPECT_TRUE(spec) << GetParam().pointer << "\n" << shown(problems);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Accepted,
    ::testing::Values(
        Asked{"/listen_port", "8080", nullptr}, Asked{"/protocol", "\"http\"", nullptr},
        Asked{"/certificates", "[\"c\"]", nullptr}, Asked{"/use_mutual_tls_auth", "true", nullptr},
        Asked{"/internal", "true", nullptr}, Asked{"/enable_context_vars", "true", nullptr},
        Asked{"/use_standard_auth", "true", nullptr}, Asked{"/use_keyless", "false", nullptr},
        Asked{"/request_signing", R"({"is_enabled": true, "algorithm": "hmac-sha1"})", nullptr},
        Asked{"/auth_configs/authToken/auth_header_name", "\"X-Key\"", nullptr},
        Asked{"/tags", "[\"a\"]", nullptr},
        Asked{"/global_rate_limit", R"({"rate": 5, "per": 1})", nullptr},
        Asked{TYKPP_VERSION "/global_size_limit", "20", nullptr},
        Asked{"/CORS/enable", "true", nullptr}, Asked{"/allowed_ips", "[\"10.0.0.0/8\"]", nullptr},
        Asked{"/cache_options", R"({"enable_cache": true, "cache_timeout": 60})", nullptr},
        Asked{"/event_handlers/events",
              R"({"AuthFailure": [{"handler_name": "h", "handler_meta": {"disabled": true}},
                {"handler_name": "eh_log_handler", "handler_meta": {"prefix": "p"}}], "X": []})",
              nullptr},
        Asked{
            "/response_processors",
            R"([{"name": "response_body_transform"}, {"name": "header_injector"}, {"name": "other"}])",
            nullptr},
        Asked{"/unknown_field", "{\"a\": 1}", nullptr},
        Asked{"/proxy/target_url", "\"ws://h/\"", nullptr},
        Asked{"/graphql", R"({"enabled": false, "engine": {"field_configs": []}})", nullptr},
        Asked{TYKPP_VERSION "/paths", R"({"white_list": []})", nullptr},
        Asked{
            TYKPP_VERSION,
            R"({"name": "Default", "use_extended_paths": true, "extended_paths": {"white_list": [{"path": "/a", "disabled": true}],
              "validate_request": [{"path": "/a"}], "cache": ["/a"]}})",
            nullptr},
        Asked{"/version_data/versions", R"({"": {"name": "", "expires": "-1"}})", nullptr}));

TEST(NotBuiltAuth, NamesEveryMethodThatIsOn) {
  for (const char* field : {"use_openid"}) {
    json definition = classicDefinition();
    definition["use_keyless"] = false;
    definition[field] = true;
    definition["custom_plugin_auth_enabled"] = true;
    definition["custom_middleware"]["auth_check"]["name"] = "Check";
    Problems problems;
    EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems));
    EXPECT_NE(test::problemAt(problems, std::string("/") + field), nullptr) << shown(problems);
  }
}

TEST(NotBuiltVersions, NeedOneDefault) {
  Problems problems;
  EXPECT_FALSE(parseClassic(with(classicDefinition(), "/version_data/versions",
                                 json::parse(R"({"Default": {}, "default": {}})"))
                                .dump(),
                            "f.json", {}, problems));
  EXPECT_NE(shown(problems).find("Ambiguous default API version"), std::string::npos);
  problems.clear();
  EXPECT_FALSE(
      parseClassic(with(classicDefinition(), "/version_data/versions", json::object()).dump(),
                   "f.json", {}, problems));
  EXPECT_NE(shown(problems).find("No default API version"), std::string::npos);
}

TEST(NotBuilt, IsToldForEveryFieldAtOnce) {
  json definition = classicDefinition();
  definition["use_openid"] = true;
  definition["use_keyless"] = false;
  definition["enable_proxy_protocol"] = true;
  definition["graphql"]["enabled"] = true;
  Problems problems;
  EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems));
  EXPECT_EQ(test::errorCount(problems), 3U) << shown(problems);
}

}  // namespace
}  // namespace tykpp::definition
