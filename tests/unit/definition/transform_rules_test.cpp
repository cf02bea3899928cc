#include "definition/transform_rules.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::oasDefinition;
using test::shown;

/// A version with these members beside its name.
json withVersion(json members) {
  json definition = classicDefinition();
  members["name"] = "Default";
  definition["version_data"]["versions"]["Default"] = std::move(members);
  return definition;
}

json withLists(json lists) {
  return withVersion({{"use_extended_paths", true}, {"extended_paths", std::move(lists)}});
}

std::shared_ptr<const TransformRules> rulesOf(const json& definition) {
  Problems problems;
  auto spec = parseClassic(definition.dump(), "one.json", {}, problems);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? spec->transforms : nullptr;
}

const Problem* problemOf(const json& definition, const char* pointer) {
  static Problems problems;
  problems.clear();
  EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems));
  return test::problemAt(problems, pointer);
}

#define TYKPP_DEFAULT "/version_data/versions/Default"

TEST(TransformRules, ReadGlobalHeaders) {
  const auto rules = rulesOf(withVersion({{"global_headers", {{"X-B", "2"}, {"X-A", "1"}}},
                                          {"global_headers_remove", {"X-C", ""}},
                                          {"global_response_headers", {{"X-R", "3"}}}}));
  ASSERT_EQ(rules->request_headers.set.size(), 2u);
  EXPECT_EQ(rules->request_headers.set[0].first, "X-A");
  EXPECT_EQ(*rules->request_headers.set[1].second.constant(), "2");
  EXPECT_EQ(rules->request_headers.remove, std::vector<std::string>{"X-C"});
  EXPECT_EQ(rules->response_headers.set.size(), 1u);
  EXPECT_TRUE(rules->response_headers.remove.empty());
}

TEST(TransformRules, LeaveOutWhatIsDisabled) {
  const auto rules =
      rulesOf(withVersion({{"global_headers", {{"X-A", "1"}}},
                           {"global_headers_disabled", true},
                           {"use_extended_paths", true},
                           {"extended_paths",
                            {{"method_transforms",
                              {{{"path", "/a"}, {"method", "GET"}, {"to_method", "put"}},
                               {{"path", "/b"}, {"method", "GET"}, {"disabled", true}}}}}}}));
  EXPECT_TRUE(rules->request_headers.empty());
  ASSERT_EQ(rules->methods.size(), 1u);
  EXPECT_EQ(rules->methods[0].to_method, "PUT");
  EXPECT_EQ(rules->methods[0].place.pointer, TYKPP_DEFAULT "/extended_paths/method_transforms/0");
}

TEST(TransformRules, CountListsOnlyWhereTheyAreUsed) {
  json definition = withLists({{"method_transforms", {{{"path", "/a"}, {"method", "GET"}}}}});
  definition["version_data"]["versions"]["Default"]["use_extended_paths"] = false;
  EXPECT_TRUE(rulesOf(definition)->methods.empty());
}

TEST(TransformRules, TakeOptionsOfTheHeaderInjector) {
  json definition = classicDefinition();
  definition["response_processors"] = json::parse(
      R"([{"name": "header_injector", "options": {"add_headers": {"X-A": "1"}, "remove_headers": ["X-B"]}}])");
  const auto rules = rulesOf(definition);
  EXPECT_EQ(rules->processor_headers.set.size(), 1u);
  EXPECT_EQ(rules->processor_headers.remove.size(), 1u);
  definition["version_data"]["versions"]["Default"]["global_response_headers_disabled"] = true;
  EXPECT_TRUE(rulesOf(definition)->processor_headers.empty());
}

TEST(TransformRules, ReadRewritesWithTheirTriggers) {
  const auto rules = rulesOf(withLists({{"url_rewrites", json::parse(R"J([{
      "path": "/a", "method": "GET", "match_pattern": "/a/(.*)", "rewrite_to": "/b/$1",
      "triggers": [{"on": "any", "rewrite_to": "/c", "options": {
        "header_matches": {"X-A": {"match_rx": "1", "reverse": true}},
        "payload_matches": {"match_rx": ""},
        "query_val_matches": {}}},
        {"on": "all", "options": {"payload_matches": {"match_rx": "x"}}}]}])J")}}));
  ASSERT_EQ(rules->rewrites.size(), 1u);
  const RewriteRule& rule = rules->rewrites[0];
  EXPECT_EQ(rule.match_pattern, "/a/(.*)");
  EXPECT_EQ(rule.rewrite_to.pieces().size(), 2u);
  ASSERT_EQ(rule.triggers.size(), 2u);
  EXPECT_TRUE(rule.triggers[0].any);
  ASSERT_EQ(rule.triggers[0].options.size(), 1u);
  EXPECT_EQ(rule.triggers[0].options[0].input, TriggerInput::kHeader);
  EXPECT_EQ(rule.triggers[0].options[0].matches[0].name, "X-A");
  EXPECT_TRUE(rule.triggers[0].options[0].matches[0].reverse);
  EXPECT_FALSE(rule.triggers[1].any);
  EXPECT_EQ(rule.triggers[1].options[0].input, TriggerInput::kBody);
  EXPECT_FALSE(mayLeaveTarget(rule));
}

TEST(TransformRules, KnowWhichRewritesMayLeaveTheTarget) {
  const auto leaves = [](const char* to) {
    return mayLeaveTarget(rulesOf(withLists({{"url_rewrites",
                                              {{{"path", "/a"},
                                                {"method", "GET"},
                                                {"match_pattern", "a"},
                                                {"rewrite_to", to}}}}}))
                              ->rewrites[0]);
  };
  EXPECT_TRUE(leaves("http://h/a"));
  EXPECT_TRUE(leaves("HTTPS://h/a"));
  EXPECT_TRUE(leaves("$1/a"));
  EXPECT_TRUE(leaves("$tyk_meta.url"));
  EXPECT_FALSE(leaves("/a?u=http://h"));
  EXPECT_FALSE(leaves(""));
}

TEST(TransformRules, NeedTheFormWhereAVariableAsksForIt) {
  EXPECT_FALSE(
      rulesOf(withVersion({{"global_headers", {{"X-A", "$tyk_context.path"}}}}))->needs_form);
  EXPECT_TRUE(rulesOf(withVersion({{"global_headers", {{"X-A", "$tyk_context.request_data_a"}}}}))
                  ->needs_form);
  EXPECT_TRUE(rulesOf(withLists({{"url_rewrites", json::parse(R"([{"path": "/a", "method": "GET",
      "triggers": [{"options": {"request_context_matches": {"request_data_a": {"match_rx": "1"}}}}]}])")}}))
                  ->needs_form);
}

TEST(TransformRules, RefuseLoopsAndOtherStores) {
  const json loop = withLists({{"url_rewrites",
                                {{{"path", "/a"},
                                  {"method", "GET"},
                                  {"match_pattern", "a"},
                                  {"rewrite_to", "tyk://self/b"}}}}});
  const Problem* problem =
      problemOf(loop, TYKPP_DEFAULT "/extended_paths/url_rewrites/0/rewrite_to");
  ASSERT_NE(problem, nullptr);
  EXPECT_TRUE(problem->reason.ends_with("is not built yet")) << problem->reason;
  const json in_trigger =
      withLists({{"url_rewrites", json::parse(R"([{"path": "/a", "method": "GET",
      "triggers": [{"rewrite_to": "TYK://other"}]}])")}});
  EXPECT_NE(
      problemOf(in_trigger, TYKPP_DEFAULT "/extended_paths/url_rewrites/0/triggers/0/rewrite_to"),
      nullptr);
  const json vault = withVersion({{"global_headers", {{"X-A", "$secret_vault.a"}}}});
  problem = problemOf(vault, TYKPP_DEFAULT "/global_headers/X-A");
  ASSERT_NE(problem, nullptr);
  EXPECT_EQ(problem->reason, "secret_vault is not built yet");
}

TEST(TransformRules, RefuseHeadersThatCannotBeSent) {
  EXPECT_NE(problemOf(withVersion({{"global_headers", {{"X A", "1"}}}}),
                      TYKPP_DEFAULT "/global_headers/X A"),
            nullptr);
  EXPECT_NE(problemOf(withVersion({{"global_headers", {{"X-A", "1\r\nX-B: 2"}}}}),
                      TYKPP_DEFAULT "/global_headers/X-A"),
            nullptr);
}

std::shared_ptr<const ApiSpec> oasSpec(const char* middleware) {
  json document = oasDefinition();
  document["x-tyk-api-gateway"]["middleware"] = json::parse(middleware);
  Problems problems;
  auto spec = parseOas(document.dump(), "one.json", {}, problems);
  EXPECT_TRUE(spec) << shown(problems);
  return spec ? std::make_shared<const ApiSpec>(std::move(*spec)) : nullptr;
}

TEST(OasTransforms, BecomeTheSameRules) {
  const auto spec = oasSpec(R"J({"global": {"contextVariables": {"enabled": true},
      "transformRequestHeaders": {"enabled": true, "remove": ["X-G"], "add": [{"name": "X-A", "value": "1"}]}},
    "operations": {"getget": {
      "transformRequestHeaders": {"enabled": true, "remove": ["X-R"], "add": [{"name": "X-B", "value": "2"}]},
      "transformResponseHeaders": {"enabled": true, "add": [{"name": "X-C", "value": "3"}]},
      "transformRequestMethod": {"enabled": true, "toMethod": "post"},
      "urlRewrite": {"enabled": true, "pattern": "/g(.*)", "rewriteTo": "/h$1", "triggers": [
        {"condition": "any", "rewriteTo": "/t", "rules": [
          {"in": "header", "name": "X-H", "pattern": "1"}, {"in": "query", "name": "q", "pattern": "2", "negate": true},
          {"in": "path", "name": "p", "pattern": "3"}, {"in": "sessionMetadata", "name": "m", "pattern": "4"},
          {"in": "requestContext", "name": "path", "pattern": "5"}, {"in": "requestBody", "pattern": "6"},
          {"in": "nowhere", "name": "n", "pattern": "7"}]}]}
}
}
})J");
  ASSERT_NE(spec, nullptr);
  EXPECT_TRUE(spec->context_variables);
  const TransformRules& rules = *spec->transforms;
  EXPECT_EQ(rules.request_headers.remove.size(), 1u);
  ASSERT_EQ(rules.endpoint_request_headers.size(), 1u);
  EXPECT_EQ(rules.endpoint_request_headers[0].place.path, "/get");
  EXPECT_EQ(rules.endpoint_request_headers[0].place.method, "GET");
  EXPECT_EQ(rules.endpoint_request_headers[0].edit.set[0].first, "X-B");
  ASSERT_EQ(rules.endpoint_response_headers.size(), 1u);
  ASSERT_EQ(rules.methods.size(), 1u);
  EXPECT_EQ(rules.methods[0].to_method, "POST");
  ASSERT_EQ(rules.rewrites.size(), 1u);
  ASSERT_EQ(rules.rewrites[0].triggers.size(), 1u);
  EXPECT_EQ(rules.rewrites[0].triggers[0].options.size(), 6u);
  EXPECT_TRUE(rules.rewrites[0].triggers[0].options[1].matches[0].reverse);
}

TEST(OasTransforms, CountOnlyWhereTheyAreEnabled) {
  const auto spec = oasSpec(R"({"operations": {"getget": {
      "transformRequestHeaders": {"enabled": false, "add": [{"name": "X-B", "value": "2"}]},
      "urlRewrite": {"enabled": false, "pattern": "a", "rewriteTo": "tyk://self"}}}})");
  ASSERT_NE(spec, nullptr);
  EXPECT_FALSE(spec->context_variables);
  EXPECT_TRUE(spec->transforms->endpoint_request_headers.empty());
  EXPECT_TRUE(spec->transforms->rewrites.empty());
}

}  // namespace
}  // namespace tykpp::definition
