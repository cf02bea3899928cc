#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::problemAt;
using test::shown;

PluginHooks hooksOf(const json& middleware, json definition = classicDefinition(),
                    const GatewayConfig& config = {}) {
  definition["custom_middleware"] = middleware;
  Problems problems;
  auto spec = parseClassic(definition.dump(), "one.json", config, problems);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? std::move(spec->hooks) : PluginHooks{};
}

json pluginAuth() {
  json definition = classicDefinition();
  definition["use_keyless"] = false;
  definition["custom_plugin_auth_enabled"] = true;
  return definition;
}

TEST(PluginHooks, AreReadInOrderWithoutDisabledAndNamelessEntries) {
  const PluginHooks hooks = hooksOf(json::parse(
      R"({"driver": "native", "pre": [{"name": "A", "path": "a.so", "require_session": true,
      "raw_body_only": true}, {"name": "B", "disabled": true}, {"path": "c.so"}, {"name": "D", "path": "d.so"}],
      "post": [{"name": "P", "path": "p.so"}], "response": [{"name": "R", "path": "r.so"}]})"));
  ASSERT_EQ(hooks.pre.size(), 2U);
  EXPECT_EQ(hooks.pre[0].name, "A");
  EXPECT_EQ(hooks.pre[0].path, "a.so");
  EXPECT_EQ(hooks.pre[0].driver, "native");
  EXPECT_TRUE(hooks.pre[0].require_session);
  EXPECT_TRUE(hooks.pre[0].raw_body_only);
  EXPECT_EQ(hooks.pre[1].name, "D");
  EXPECT_EQ(hooks.pre[1].pointer, "/custom_middleware/pre/3");
  EXPECT_EQ(hooks.post.size(), 1U);
  EXPECT_EQ(hooks.response.at(0).driver, "native");
}

TEST(PluginHooks, SayWhetherTheyRunInAProcessOfTheirOwn) {
  const PluginHooks hooks = hooksOf(json::parse(
      R"({"driver": "native", "pre": [{"name": "A", "path": "a.so"},
      {"name": "B", "path": "b.so", "isolate": true},
      {"name": "C", "path": "c.so", "driver": "goplugin", "isolate": false}]})"));
  ASSERT_EQ(hooks.pre.size(), 3U);
  EXPECT_FALSE(hooks.pre[0].isolate.has_value());
  EXPECT_EQ(hooks.pre[1].isolate, true);
  EXPECT_EQ(hooks.pre[2].isolate, false);
}

TEST(PluginHooks, AreIsolatedOnlyAsSharedObjects) {
  json definition = classicDefinition();
  definition["custom_middleware"] = json::parse(
      R"({"driver": "python", "pre": [{"name": "A", "path": "a.py", "isolate": true}]})");
  Problems problems;
  EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems));
  EXPECT_NE(problemAt(problems, "/custom_middleware/pre/0/isolate"), nullptr) << shown(problems);
}

TEST(PluginHooks, ResolveTheirDriver) {
  const struct {
    const char* hook;
    const char* entry_driver;
    const char* api_driver;
    const char* path;
    const char* expected;
  } kCases[] = {{"pre", "", "python", "a.py", "python"},
                {"pre", "native", "python", "a.so", "native"},
                {"pre", "", "", "a.js", "otto"},
                {"pre", "", "", "a.so", ""},
                {"response", "", "python", "a.so", "goplugin"},
                {"response", "", "", "a.so", "goplugin"},
                {"response", "", "native", "a.so", "native"},
                {"response", "", "python", "a.py", "python"},
                {"response", "lua", "python", "a.so", "lua"}};
  for (const auto& test : kCases) {
    json entry = {{"name", "N"}, {"path", test.path}};
    if (*test.entry_driver != '\0') entry["driver"] = test.entry_driver;
    const PluginHooks hooks = hooksOf({{"driver", test.api_driver}, {test.hook, {entry}}});
    const auto& list = std::string(test.hook) == "pre" ? hooks.pre : hooks.response;
    EXPECT_EQ(list.at(0).driver, test.expected)
        << test.hook << " " << test.api_driver << " " << test.path;
  }
}

TEST(PluginHooks, OfGrpcHaveTheServerOfTheEntryTheApiOrTheConfiguration) {
  GatewayConfig config;
  config.plugins.grpc.server = "tcp://common:1";
  const PluginHooks hooks =
      hooksOf(json::parse(R"({"driver": "grpc", "grpc_server": "tcp://api:2", "pre": [{"name": "A"},
          {"name": "B", "grpc_server": "tcp://own:3"}, {"name": "C", "driver": "lua"}]})"),
              classicDefinition(), config);
  EXPECT_EQ(hooks.pre[0].grpc_server, "tcp://api:2");
  EXPECT_EQ(hooks.pre[1].grpc_server, "tcp://own:3");
  EXPECT_EQ(hooks.pre[2].grpc_server, "");
  const json common = json::parse(R"({"driver": "grpc", "pre": [{"name": "A"}]})");
  EXPECT_EQ(hooksOf(common, classicDefinition(), config).pre[0].grpc_server, "tcp://common:1");
}

TEST(PluginHooks, OfAnotherDriverHaveNoServer) {
  json definition = classicDefinition();
  definition["custom_middleware"] =
      json::parse(R"({"driver": "lua", "post": [{"name": "A", "grpc_server": "tcp://h:1"}]})");
  Problems problems;
  EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems));
  EXPECT_EQ(problems.front().pointer, "/custom_middleware/post/0/grpc_server") << shown(problems);
}

TEST(PluginHooks, AnalyticsRunsInASharedObject) {
  json definition = classicDefinition();
  definition["analytics_plugin"] = {
      {"enable", true}, {"plugin_path", "a.so"}, {"func_name", "Record"}};
  EXPECT_EQ(hooksOf({{"driver", "python"}}, definition).analytics->driver, "goplugin");
  EXPECT_EQ(hooksOf({{"driver", "native"}}, definition).analytics->driver, "native");
  EXPECT_EQ(hooksOf({}, definition).analytics->name, "Record");
  definition["analytics_plugin"]["enable"] = false;
  EXPECT_FALSE(hooksOf({}, definition).analytics);
}

TEST(PluginHooks, TakeTimeoutAndErrorRuleFromEntryOrConfiguration) {
  GatewayConfig config;
  config.plugin_timeout = std::chrono::milliseconds(70);
  config.plugin_on_error = "skip";
  const PluginHooks hooks = hooksOf(
      json::parse(
          R"({"pre": [{"name": "A"}, {"name": "B", "timeout_ms": 5, "on_error": "fail"}]})"),
      classicDefinition(), config);
  EXPECT_EQ(hooks.pre[0].timeout.count(), 70);
  EXPECT_EQ(hooks.pre[0].on_error, OnPluginError::kSkip);
  EXPECT_EQ(hooks.pre[1].timeout.count(), 5);
  EXPECT_EQ(hooks.pre[1].on_error, OnPluginError::kFail);
}

TEST(PluginHooks, RefuseTimeoutsAndErrorRulesThatMeanNothing) {
  for (const char* entry :
       {R"({"name": "A", "timeout_ms": 0})", R"({"name": "A", "timeout_ms": -5})",
        R"({"name": "A", "timeout_ms": 1e6})", R"({"name": "A", "timeout_ms": 99999999999})",
        R"({"name": "A", "on_error": "ignore"})", R"({"name": 5})",
        R"({"name": "A", "path": false})", R"("A")"}) {
    json definition = classicDefinition();
    definition["custom_middleware"]["post"] = json::array({json::parse(entry)});
    Problems problems;
    EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems)) << entry;
    EXPECT_TRUE(problems.front().pointer.starts_with("/custom_middleware/post/0"))
        << shown(problems);
  }
}

TEST(PluginHooks, OfAnAuthenticatedApiIncludeAuthAndPostAuth) {
  const json middleware = json::parse(
      R"({"auth_check": {"name": "Check", "path": "a.so"}, "post_key_auth": [{"name": "After"}]})");
  for (const char* field :
       {"custom_plugin_auth_enabled", "enable_coprocess_auth", "use_go_plugin_auth"}) {
    json definition = classicDefinition();
    definition["use_keyless"] = false;
    definition[field] = true;
    const PluginHooks hooks = hooksOf(middleware, definition);
    ASSERT_TRUE(hooks.auth) << field;
    EXPECT_EQ(hooks.auth->name, "Check");
    EXPECT_EQ(hooks.post_auth.size(), 1U);
  }
}

TEST(PluginHooks, OfAKeylessApiHaveNoAuthentication) {
  const PluginHooks hooks = hooksOf(
      json::parse(R"({"auth_check": {"name": "Check"}, "post_key_auth": [{"name": "After"}]})"),
      test::with(classicDefinition(), "/custom_plugin_auth_enabled", true));
  EXPECT_FALSE(hooks.auth);
  EXPECT_TRUE(hooks.post_auth.empty());
}

TEST(PluginHooks, NeverOpenAnApiWhoseAuthenticationIsMissing) {
  for (const char* middleware : {R"({})", R"({"auth_check": {"name": ""}})",
                                 R"({"auth_check": {"name": "A", "disabled": true}})"}) {
    json definition = pluginAuth();
    definition["custom_middleware"] = json::parse(middleware);
    Problems problems;
    EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems)) << middleware;
    EXPECT_NE(problemAt(problems, "/custom_middleware/auth_check"), nullptr) << shown(problems);
  }
}

}  // namespace
}  // namespace tykpp::definition
