#include "definition/cache_rules.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "definition/api_spec.hpp"
#include "definition/classic.hpp"
#include "definition/gateway_config.hpp"
#include "definition/oas.hpp"
#include "definition/version_rules.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using Codes = std::vector<std::uint16_t>;

nlohmann::json cachedDefinition(const char* options, const char* paths = "{}") {
  auto definition = test::classicDefinition();
  definition["cache_options"] = nlohmann::json::parse(options);
  auto& version = definition["version_data"]["versions"]["Default"];
  version["use_extended_paths"] = true;
  version["extended_paths"] = nlohmann::json::parse(paths);
  return definition;
}

class CacheRulesTest : public ::testing::Test {
 protected:
  ApiSpec read(const nlohmann::json& definition) {
    auto spec = parseClassic(definition.dump(), "one.json", {}, problems_);
    EXPECT_TRUE(spec) << test::shown(problems_);
    return spec ? *spec : ApiSpec{};
  }
  Problems problems_;
};

TEST_F(CacheRulesTest, AreAbsentUnlessTheCacheIsOn) {
  EXPECT_EQ(read(test::classicDefinition()).cache, nullptr);
  EXPECT_EQ(read(cachedDefinition(R"({"enable_cache": false, "cache_timeout": 5})",
                                  R"({"cache": ["/a"]})"))
                .cache,
            nullptr);
  EXPECT_TRUE(problems_.empty()) << test::shown(problems_);
}

TEST_F(CacheRulesTest, ReadAClassicDefinition) {
  const ApiSpec spec = read(cachedDefinition(
      R"({"enable_cache": true, "cache_timeout": 60, "cache_all_safe_requests": true,
          "cache_response_codes": [200, 404, -1], "cache_by_headers": ["X-A", "X-B"],
          "enable_upstream_cache_control": true, "cache_control_ttl_header": "X-Ttl"})",
      R"({"cache": ["/plain/{id}"], "advance_cache_config": [
          {"path": "/a", "method": "POST", "cache_key_regex": "id=\\d+", "timeout": 7,
           "cache_response_codes": [201]},
          {"path": "/off", "method": "GET", "disabled": true},
          {"path": "/b", "method": "GET", "timeout": -4}]})"));
  ASSERT_NE(spec.cache, nullptr);
  const CacheRules& rules = *spec.cache;
  EXPECT_EQ(rules.timeout, 60);
  EXPECT_TRUE(rules.all_safe_requests);
  EXPECT_EQ(rules.codes, (Codes{200, 404, 0}));
  EXPECT_EQ(rules.by_headers, (std::vector<std::string>{"X-A", "X-B"}));
  EXPECT_TRUE(rules.upstream_control);
  EXPECT_EQ(rules.ttl_header, "X-Ttl");
  ASSERT_EQ(rules.endpoints.size(), 3U);
  EXPECT_TRUE(rules.endpoints[0].safe_methods);
  EXPECT_EQ(rules.endpoints[0].place.path, "/plain/{id}");
  EXPECT_EQ(rules.endpoints[0].place.pointer,
            "/version_data/versions/Default/extended_paths/cache/0");
  EXPECT_EQ(rules.endpoints[1].place.method, "POST");
  EXPECT_EQ(rules.endpoints[1].timeout, 7);
  EXPECT_EQ(rules.endpoints[1].codes, Codes{201});
  EXPECT_EQ(rules.endpoints[1].key_pattern->find("x id=55;"), "id=55");
  EXPECT_EQ(rules.endpoints[2].timeout, 0);
  EXPECT_EQ(rules.endpoints[2].key_pattern, nullptr);
  EXPECT_FALSE(rules.endpoints[2].safe_methods);
  EXPECT_TRUE(problems_.empty()) << test::shown(problems_);
}

TEST_F(CacheRulesTest, ReadAnOasDocument) {
  auto document = test::oasDefinition();
  document["x-tyk-api-gateway"]["middleware"] = nlohmann::json::parse(
      R"({"global": {"cache": {"enabled": true, "timeout": 9, "cacheAllSafeRequests": true,
            "cacheResponseCodes": [203], "cacheByHeaders": ["Accept"],
            "enableUpstreamCacheControl": true, "controlTTLHeaderName": "X-T"}},
          "operations": {"getget": {"cache": {"enabled": true, "cacheByRegex": "a+",
            "cacheResponseCodes": [204], "timeout": 3}}}})");
  auto spec = parseOas(document.dump(), "one.json", {}, problems_);
  ASSERT_TRUE(spec) << test::shown(problems_);
  ASSERT_NE(spec->cache, nullptr);
  EXPECT_EQ(spec->cache->timeout, 9);
  EXPECT_TRUE(spec->cache->all_safe_requests);
  EXPECT_EQ(spec->cache->codes, Codes{203});
  EXPECT_EQ(spec->cache->by_headers, std::vector<std::string>{"Accept"});
  EXPECT_TRUE(spec->cache->upstream_control);
  EXPECT_EQ(spec->cache->ttl_header, "X-T");
  ASSERT_EQ(spec->cache->endpoints.size(), 1U);
  const EndpointCache& entry = spec->cache->endpoints.front();
  EXPECT_EQ(entry.place.path, "/get");
  EXPECT_EQ(entry.place.method, "GET");
  EXPECT_EQ(entry.codes, Codes{204});
  EXPECT_EQ(entry.timeout, 3);
  EXPECT_EQ(entry.key_pattern->find("baab"), "aa");
}

TEST_F(CacheRulesTest, RefuseAPatternThatCannotBeRead) {
  const auto definition = cachedDefinition(
      R"({"enable_cache": true, "cache_timeout": 5})",
      R"({"advance_cache_config": [{"path": "/a", "method": "POST", "cache_key_regex": "("}]})");
  EXPECT_FALSE(parseClassic(definition.dump(), "one.json", {}, problems_));
  const Problem* problem = test::problemAt(
      problems_,
      "/version_data/versions/Default/extended_paths/advance_cache_config/0/cache_key_regex");
  ASSERT_NE(problem, nullptr) << test::shown(problems_);
  EXPECT_EQ(problem->severity, Severity::kError);
}

TEST_F(CacheRulesTest, WarnWhenNothingCanBeKept) {
  read(cachedDefinition(R"({"enable_cache": true, "cache_all_safe_requests": true})"));
  EXPECT_NE(test::problemAt(problems_, "/cache_options/cache_timeout"), nullptr);
  problems_.clear();
  read(cachedDefinition(
      R"({"enable_cache": true})",
      R"({"advance_cache_config": [{"path": "/a", "method": "GET", "timeout": 1}]})"));
  EXPECT_TRUE(problems_.empty()) << test::shown(problems_);
}

TEST_F(CacheRulesTest, WarnWhenVersionsAreNotToldApart) {
  auto definition = cachedDefinition(R"({"enable_cache": true, "cache_timeout": 5})");
  definition["definition"] = {{"location", "header"}, {"key", "X-Version"}};
  definition["version_data"] = {
      {"not_versioned", false},
      {"default_version", "v1"},
      {"versions",
       {{"v1",
         {{"name", "v1"}, {"use_extended_paths", true}, {"extended_paths", {{"cache", {"/one"}}}}}},
        {"v2", {{"name", "v2"}}}}}};
  const ApiSpec spec = read(definition);
  EXPECT_NE(test::problemAt(problems_, "/cache_options/cache_by_headers"), nullptr);
  ASSERT_EQ(spec.versioning->versions.size(), 2U);
  EXPECT_EQ(spec.versioning->versions[0].spec->cache->endpoints.size(), 1U);
  EXPECT_EQ(spec.versioning->versions[1].spec->cache->endpoints.size(), 0U);
  problems_.clear();
  definition["cache_options"]["cache_by_headers"] = {"x-version"};
  read(definition);
  EXPECT_EQ(test::problemAt(problems_, "/cache_options/cache_by_headers"), nullptr);
}

TEST(BodyPattern, MatchesTextAndBytes) {
  const auto pattern = BodyPattern::compile("n=[^;]*").value();
  EXPECT_EQ(pattern->find("x;n=\xc3\xa4;"), "n=\xc3\xa4");
  EXPECT_EQ(pattern->find("x;n=\xff\xfe"
                          "7;"),
            "n=\xff\xfe"
            "7");
  EXPECT_EQ(pattern->find("nothing"), std::nullopt);
  EXPECT_EQ(BodyPattern::compile("x*").value()->find(""), "");
}

}  // namespace
}  // namespace tykpp::definition
