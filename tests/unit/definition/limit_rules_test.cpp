#include "definition/limit_rules.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "definition/api_spec.hpp"
#include "definition/classic.hpp"
#include "definition/gateway_config.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;

class LimitRulesTest : public ::testing::Test {
 protected:
  /// The rules of a definition whose version has these members.
  std::shared_ptr<const LimitRules> withVersion(const json& members) {
    json definition = test::classicDefinition();
    json& version = definition["version_data"]["versions"]["Default"];
    version.update(members);
    return read(definition);
  }
  std::shared_ptr<const LimitRules> read(const json& definition) {
    const auto spec = parseClassic(definition.dump(), "one.json", {}, problems_);
    return spec ? spec->limits : nullptr;
  }
  std::shared_ptr<const LimitRules> withLists(const json& lists) {
    return withVersion({{"use_extended_paths", true}, {"extended_paths", lists}});
  }
  Problems problems_;
};

TEST_F(LimitRulesTest, ReadsRates) {
  json definition = test::classicDefinition();
  definition["global_rate_limit"] = {{"rate", 2.5}, {"per", 60}};
  EXPECT_EQ(read(definition)->global_rate, 2.5);
  EXPECT_EQ(read(definition)->global_per, 60);
  definition["global_rate_limit"]["disabled"] = true;
  EXPECT_EQ(read(definition)->global_rate, 0);
  const auto rules = withLists(
      {{"rate_limit",
        {{{"path", "/a"}, {"method", "GET"}, {"rate", 3}, {"per", 10}},
         {{"path", "/b"}, {"method", "GET"}, {"rate", 3}, {"per", 10}, {"disabled", true}}}}});
  ASSERT_EQ(rules->endpoint_rates.size(), 1U);
  EXPECT_EQ(rules->endpoint_rates[0].place.path, "/a");
  EXPECT_EQ(rules->endpoint_rates[0].place.pointer,
            "/version_data/versions/Default/extended_paths/rate_limit/0");
  EXPECT_EQ(rules->endpoint_rates[0].rate, 3);
}

TEST_F(LimitRulesTest, ReadsSizes) {
  EXPECT_EQ(withVersion({{"global_size_limit", 9}})->global_size_limit, 9);
  EXPECT_EQ(withVersion({{"global_size_limit", 9}, {"global_size_limit_disabled", true}})
                ->global_size_limit,
            0);
  const json sizes = {{{"path", "/a"}, {"method", "PUT"}, {"size_limit", 4}}};
  const auto rules = withVersion({{"global_size_limit", 9},
                                  {"global_size_limit_disabled", true},
                                  {"use_extended_paths", true},
                                  {"extended_paths", {{"size_limits", sizes}}}});
  EXPECT_EQ(rules->global_size_limit, 9) << "an endpoint's limit brings it back";
  ASSERT_EQ(rules->endpoint_sizes.size(), 1U);
  EXPECT_EQ(rules->endpoint_sizes[0].size_limit, 4);
}

TEST_F(LimitRulesTest, ReadsListsInTheOrderTheyAreAsked) {
  const json entry = {{{"path", "/a"}, {"method", "GET"}}};
  const auto rules = withLists({{"white_list", entry},
                                {"black_list", entry},
                                {"ignored", {{{"path", "/A"}, {"ignore_case", true}}}},
                                {"mock_response", {{{"path", "/m"}, {"body", "b"}, {"code", 0}}}},
                                {"internal", entry}});
  ASSERT_EQ(rules->endpoints.size(), 4U);
  EXPECT_EQ(rules->endpoints[0].list, EndpointList::kMock);
  EXPECT_EQ(rules->endpoints[0].reply.code, 200);
  EXPECT_EQ(rules->endpoints[0].reply.body, "b");
  EXPECT_EQ(rules->endpoints[1].list, EndpointList::kIgnored);
  EXPECT_TRUE(rules->endpoints[1].ignore_case);
  EXPECT_EQ(rules->endpoints[2].list, EndpointList::kBlocked);
  EXPECT_FALSE(rules->endpoints[2].actions);
  EXPECT_EQ(rules->endpoints[3].list, EndpointList::kAllowed);
  EXPECT_EQ(rules->internals.size(), 1U);
}

TEST_F(LimitRulesTest, ReadsActionsOfMethods) {
  const json actions = {{"GET",
                         {{"action", "reply"},
                          {"code", 201},
                          {"data", "d"},
                          {"headers", {{"X-A", "1"}, {"Content-Length", "7"}}}}},
                        {"PUT", {{"action", "no_action"}}},
                        {"POST", {{"action", "whatever"}}}};
  const auto rules = withLists({{"white_list", {{{"path", "/a"}, {"method_actions", actions}}}}});
  const auto& read = *rules->endpoints.at(0).actions;
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].reply.code, 201);
  EXPECT_EQ(read[0].reply.body, "d");
  EXPECT_EQ(read[0].reply.headers, (decltype(read[0].reply.headers){{"X-A", "1"}}));
  EXPECT_EQ(read[1].kind, MethodAction::Kind::kBlock);
  EXPECT_EQ(read[2].kind, MethodAction::Kind::kList);
}

TEST_F(LimitRulesTest, RefusesRepliesThatCannotBeSent) {
  EXPECT_EQ(withLists({{"mock_response", {{{"path", "/a"}, {"code", 42}}}}}), nullptr);
  EXPECT_NE(test::problemAt(problems_,
                            "/version_data/versions/Default/extended_paths/mock_response/0/code"),
            nullptr);
  const json headers = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_EQ(withLists({{"mock_response", {{{"path", "/a"}, {"headers", headers}}}}}), nullptr);
}

TEST_F(LimitRulesTest, ReadsLegacyPaths) {
  const auto rules = withVersion({{"paths", {{"black_list", {"/a"}}, {"ignored", json::array()}}}});
  ASSERT_EQ(rules->endpoints.size(), 1U);
  EXPECT_EQ(rules->endpoints[0].place.path, "/a");
  EXPECT_EQ(rules->endpoints[0].place.method, "");
}

TEST_F(LimitRulesTest, HasANumberOfItsOwn) {
  EXPECT_NE(withVersion(json::object())->number, withVersion(json::object())->number);
}

TEST_F(LimitRulesTest, ReadsOperationsOfAnOasDocument) {
  const json blocks = {{"allow", {{"enabled", true}, {"ignoreCase", true}}},
                       {"block", {{"enabled", false}}},
                       {"requestSizeLimit", {{"enabled", true}, {"value", 5}}},
                       {"rateLimit", {{"enabled", true}, {"rate", 2}, {"per", "1m"}}}};
  const json document = {
      {"openapi", "3.0.3"},
      {"info", {{"title", "o"}, {"version", "1"}}},
      {"paths", {{"/a", {{"get", {{"operationId", "a"}, {"responses", json::object()}}}}}}},
      {"x-tyk-api-gateway",
       {{"info", {{"id", "o"}, {"name", "o"}, {"state", {{"active", true}}}}},
        {"upstream", {{"url", "http://h/"}}},
        {"server", {{"listenPath", {{"value", "/o/"}, {"strip", true}}}}},
        {"middleware", {{"operations", {{"a", blocks}}}}}}}};
  const auto spec = parseOas(document.dump(), "o.json", {}, problems_);
  ASSERT_TRUE(spec) << test::shown(problems_);
  const LimitRules& rules = *spec->limits;
  ASSERT_EQ(rules.endpoints.size(), 1U);
  EXPECT_EQ(rules.endpoints[0].list, EndpointList::kAllowed);
  EXPECT_TRUE(rules.endpoints[0].ignore_case);
  EXPECT_EQ(rules.endpoints[0].place.method, "GET");
  EXPECT_EQ(rules.endpoint_sizes.at(0).size_limit, 5);
  EXPECT_EQ(rules.endpoint_rates.at(0).per, 60);
}

}  // namespace
}  // namespace tykpp::definition
