#include "definition/version_rules.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "definition/limit_rules.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::shown;
using test::with;

json versioned(json versions) {
  json document = classicDefinition();
  document["version_data"] = {
      {"not_versioned", false}, {"default_version", "v1"}, {"versions", std::move(versions)}};
  document["definition"] = {{"location", "url"}, {"key", "k"}, {"strip_path", true}};
  return document;
}

class VersionRulesTest : public ::testing::Test {
 protected:
  ApiSpec load(const json& document) {
    auto spec = parseClassic(document.dump(), "one.json", {}, problems_);
    EXPECT_TRUE(spec) << shown(problems_);
    return spec ? std::move(*spec) : ApiSpec{};
  }
  Problems problems_;
};

TEST_F(VersionRulesTest, AreNotThereWithoutVersions) {
  EXPECT_EQ(load(classicDefinition()).versioning, nullptr);
  EXPECT_TRUE(problems_.empty()) << shown(problems_);
}

TEST_F(VersionRulesTest, HaveASpecForEachVersion) {
  const ApiSpec spec = load(versioned(
      {{"v1", {{"name", "v1"}, {"expires", "2020-01-01 00:00"}, {"global_size_limit", 5}}},
       {"v2",
        {{"name", "v2"},
         {"override_target", "http://127.0.0.1:9/two"},
         {"use_extended_paths", true},
         {"extended_paths", {{"black_list", {{{"path", "/gone"}, {"method", "GET"}}}}}}}}}));
  const VersionRules& rules = *spec.versioning;
  EXPECT_EQ(rules.location, VersionLocation::kUrl);
  EXPECT_EQ(rules.key, "k");
  EXPECT_TRUE(rules.strip);
  EXPECT_EQ(rules.default_version, "v1");
  ASSERT_EQ(rules.versions.size(), 2U);
  const ApiSpec& one = *rules.versions[0].spec;
  const ApiSpec& two = *rules.versions[1].spec;
  EXPECT_EQ(one.version_name, "v1");
  EXPECT_EQ(one.versioning, nullptr);
  EXPECT_EQ(one.expires_at, 1577836800);
  EXPECT_EQ(one.limits->global_size_limit, 5);
  EXPECT_EQ(one.target.text, "http://127.0.0.1:9000/base/");
  EXPECT_EQ(two.target.text, "http://127.0.0.1:9/two");
  EXPECT_EQ(two.limits->endpoints.size(), 1U);
  EXPECT_EQ(two.limits->number, one.limits->number) << "what counts, counts for the API";
  EXPECT_FALSE(two.expires_at);
  EXPECT_EQ(two.classic_text, spec.classic_text);
  EXPECT_EQ(two.auth, spec.auth);
  EXPECT_EQ(spec.limits->global_size_limit, 0) << "the API itself has no version's rules";
}

TEST_F(VersionRulesTest, TellWhereInTheDefinitionAProblemIs) {
  Problems problems;
  const auto spec = parseClassic(
      versioned({{"v1", {{"expires", "never"}, {"override_target", "http://bad host/"}}},
                 {"v2",
                  {{"use_extended_paths", true},
                   {"extended_paths", {{"validate_json", {{{"path", "/x"}}}}}}}}})
          .dump(),
      "one.json", {}, problems);
  EXPECT_FALSE(spec);
  for (const char* place :
       {"/version_data/versions/v1/expires", "/version_data/versions/v1/override_target",
        "/version_data/versions/v2/extended_paths/validate_json/0"}) {
    EXPECT_NE(test::problemAt(problems, place), nullptr) << place << "\n" << shown(problems);
  }
}

TEST_F(VersionRulesTest, TellOfTheApisOwnProblemsOnce) {
  Problems problems;
  json document = versioned({{"v1", json::object()}, {"v2", json::object()}});
  document["proxy"]["listen_path"] = "/a b/";
  EXPECT_FALSE(parseClassic(document.dump(), "one.json", {}, problems));
  EXPECT_EQ(test::errorCount(problems), 1U) << shown(problems);
}

TEST_F(VersionRulesTest, LeaveOutAVersionWithoutAName) {
  const ApiSpec spec = load(versioned({{"", json::object()}, {"v2", json::object()}}));
  EXPECT_EQ(spec.versioning->versions.size(), 1U);
  EXPECT_NE(test::problemAt(problems_, "/version_data/versions/"), nullptr);
}

TEST_F(VersionRulesTest, WarnWhenNothingCanBeAskedFor) {
  json document = classicDefinition();
  document["version_data"] = json::object();
  EXPECT_TRUE(load(document).versioning->versions.empty());
  EXPECT_NE(test::problemAt(problems_, "/version_data/versions"), nullptr);
  EXPECT_NE(test::problemAt(problems_, "/definition/location"), nullptr);
}

TEST_F(VersionRulesTest, ReadVersionsThatAreApis) {
  json document = classicDefinition();
  document["definition"] = {{"enabled", true},   {"name", "v1"},
                            {"default", "self"}, {"location", "header"},
                            {"key", "x"},        {"versions", {{"v3", "three"}, {"v2", "two"}}}};
  const ApiSpec spec = load(document);
  ASSERT_NE(spec.versioning, nullptr);
  EXPECT_TRUE(spec.versioning->apart);
  EXPECT_EQ(spec.versioning->own_name, "v1");
  EXPECT_EQ(spec.versioning->default_version, "self");
  ASSERT_EQ(spec.versioning->children.size(), 2U);
  EXPECT_EQ(spec.versioning->children[0].name, "v2");
  EXPECT_EQ(spec.versioning->children[0].api, "two");
}

TEST_F(VersionRulesTest, RefuseBothKindsAtOnce) {
  json document = versioned({{"v1", json::object()}});
  document["definition"]["enabled"] = true;
  Problems problems;
  EXPECT_FALSE(parseClassic(document.dump(), "one.json", {}, problems));
  EXPECT_NE(test::problemAt(problems, "/definition/enabled"), nullptr) << shown(problems);
}

TEST_F(VersionRulesTest, ReadVersionsOfAnOasDocument) {
  json document = test::oasDefinition();
  document["x-tyk-api-gateway"]["info"]["versioning"] = {
      {"enabled", true},
      {"name", "v1"},
      {"default", "v2"},
      {"location", "url-param"},
      {"key", "ver"},
      {"versions", {{{"name", "v2"}, {"id", "two"}}}},
      {"fallbackToDefault", true},
      {"stripVersioningData", true},
      {"urlVersioningPattern", "^v"}};
  const auto spec = parseOas(document.dump(), "one.json", {}, problems_);
  ASSERT_TRUE(spec) << shown(problems_);
  const VersionRules& rules = *spec->versioning;
  EXPECT_TRUE(rules.apart);
  EXPECT_TRUE(rules.strip);
  EXPECT_TRUE(rules.fallback_to_default);
  EXPECT_EQ(rules.strip_pattern, "^v");
  EXPECT_EQ(rules.location, VersionLocation::kUrlParam);
  ASSERT_EQ(rules.children.size(), 1U);
  EXPECT_EQ(rules.children[0].api, "two");
}

}  // namespace
}  // namespace tykpp::definition
