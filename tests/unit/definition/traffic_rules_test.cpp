#include "definition/traffic_rules.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "definition/api_spec.hpp"
#include "definition/classic.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

class TrafficRulesTest : public ::testing::Test {
 protected:
  ApiSpec read(const nlohmann::json& definition) {
    auto spec = parseClassic(definition.dump(), "one.json", {}, problems_);
    EXPECT_TRUE(spec) << test::shown(problems_);
    return spec ? *spec : ApiSpec{};
  }
  ApiSpec readOas(const nlohmann::json& document) {
    auto spec = parseOas(document.dump(), "one.json", {}, problems_);
    EXPECT_TRUE(spec) << test::shown(problems_);
    return spec ? *spec : ApiSpec{};
  }
  Problems problems_;
};

using Names = std::vector<std::string>;

TEST_F(TrafficRulesTest, ReadsAClassicDefinition) {
  auto definition = test::classicDefinition();
  definition["tags"] = {"one", "two"};
  definition["tag_headers"] = {"x-team"};
  definition["expire_analytics_after"] = 90;
  definition["enable_detailed_recording"] = true;
  const ApiSpec spec = read(definition);
  EXPECT_FALSE(spec.do_not_track);
  EXPECT_EQ(spec.traffic->tags, (Names{"one", "two"}));
  EXPECT_EQ(spec.traffic->tag_headers, (Names{"x-team"}));
  EXPECT_EQ(spec.traffic->expire_after, 90);
  EXPECT_TRUE(spec.traffic->detailed);
  EXPECT_TRUE(problems_.empty()) << test::shown(problems_);
}

TEST_F(TrafficRulesTest, RecordsPlainlyWithoutAnyOfIt) {
  const ApiSpec spec = read(test::classicDefinition());
  EXPECT_TRUE(spec.traffic->tags.empty());
  EXPECT_EQ(spec.traffic->expire_after, 0);
  EXPECT_FALSE(spec.traffic->detailed);
}

TEST_F(TrafficRulesTest, WarnsOfHeadersThatAreNeverFound) {
  auto definition = test::classicDefinition();
  definition["tag_headers"] = {"x-team", "X-Other"};
  read(definition);
  ASSERT_NE(test::problemAt(problems_, "/tag_headers/1"), nullptr);
  EXPECT_EQ(test::errorCount(problems_), 0u);
}

TEST_F(TrafficRulesTest, ReadsAnOasDocument) {
  auto document = test::oasDefinition();
  auto& extension = document["x-tyk-api-gateway"];
  extension["server"]["detailedActivityLogs"] = {{"enabled", true}};
  extension["server"]["gatewayTags"] = {{"enabled", true}, {"tags", {"edge"}}};
  extension["middleware"]["global"]["trafficLogs"] = {
      {"enabled", true}, {"tagHeaders", {"X-Team"}}, {"customRetentionPeriod", "2m"}};
  extension["middleware"]["operations"]["getget"] = {{"trackEndpoint", {{"enabled", true}}},
                                                     {"doNotTrackEndpoint", {{"enabled", true}}}};
  const ApiSpec spec = readOas(document);
  EXPECT_FALSE(spec.do_not_track);
  EXPECT_EQ(spec.traffic->tag_headers, (Names{"x-team"})) << "any letters will do here";
  EXPECT_EQ(spec.traffic->tags, (Names{"edge"}));
  EXPECT_EQ(spec.traffic->expire_after, 120);
  EXPECT_TRUE(spec.traffic->detailed);
  ASSERT_EQ(spec.limits->tracked.size(), 1u);
  EXPECT_EQ(spec.limits->tracked[0].path, "/get");
  EXPECT_EQ(spec.limits->tracked[0].method, "GET");
  ASSERT_EQ(spec.limits->untracked.size(), 1u);
}

TEST_F(TrafficRulesTest, ReadsTrackedEndpointsThatAreInForce) {
  auto definition = test::classicDefinition();
  auto& version = definition["version_data"]["versions"]["Default"];
  version["use_extended_paths"] = true;
  version["extended_paths"]["track_endpoints"] = {
      {{"path", "/a/{id}"}, {"method", "GET"}},
      {{"path", "/any"}},
      {{"path", "/off"}, {"method", "GET"}, {"disabled", true}}};
  version["extended_paths"]["do_not_track_endpoints"] = {{{"path", "/b"}, {"method", "POST"}}};
  const ApiSpec spec = read(definition);
  ASSERT_EQ(spec.limits->tracked.size(), 1u) << "a rule without a method finds nothing";
  EXPECT_EQ(spec.limits->tracked[0].path, "/a/{id}");
  ASSERT_EQ(spec.limits->untracked.size(), 1u);
  EXPECT_EQ(spec.limits->untracked[0].method, "POST");
}

}  // namespace
}  // namespace tykpp::definition
