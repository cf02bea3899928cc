#include "definition/lint.hpp"

#include <gtest/gtest.h>

#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using test::classicDefinition;
using test::oasDefinition;
using test::problemAt;
using test::shown;
using test::with;

TEST(LintConfig, ListsUnknownKeysAndWrongTypesTogether) {
  const test::TempDir dir;
  const std::string path = dir.write(
      "tyk.conf",
      R"({"listen_port": "x", "listn_port": 1, "storage": {"type": "redis", "pasword": "p"}, "opentelemetry": {"enabled": true}})");
  const Problems problems = lintConfig(path);
  EXPECT_EQ(problemAt(problems, "/listen_port")->severity, Severity::kError);
  EXPECT_EQ(problemAt(problems, "/listn_port")->severity, Severity::kWarning);
  EXPECT_EQ(problemAt(problems, "/storage/pasword")->severity, Severity::kWarning);
  EXPECT_EQ(problemAt(problems, "/opentelemetry/enabled")->reason,
            "is not built yet and has no effect");
  for (const Problem& problem : problems) EXPECT_EQ(problem.file, path);
}

TEST(LintConfig, FindsNothingInAGoodFile) {
  const test::TempDir dir;
  EXPECT_TRUE(
      lintConfig(dir.write("tyk.conf", R"({"listen_port": 8080, "app_path": "apps"})")).empty());
}

TEST(LintConfig, TellsWhenThereIsNoFileOrNoJson) {
  const test::TempDir dir;
  EXPECT_EQ(test::errorCount(lintConfig(dir.file("none"))), 1U);
  const Problems broken = lintConfig(dir.write("tyk.conf", "{"));
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_TRUE(broken[0].reason.starts_with("not valid JSON")) << broken[0].reason;
}

TEST(LintDefinition, ListsUnknownFieldsAndErrorsTogether) {
  const test::TempDir dir;
  auto definition = with(classicDefinition(), "/proxy/taget_url", "x");
  definition["active"] = 1;
  definition["graphql"]["enabled"] = true;
  const Problems problems = lintDefinition(dir.write("a.json", definition.dump()), nullptr);
  EXPECT_EQ(problemAt(problems, "/proxy/taget_url")->severity, Severity::kWarning)
      << shown(problems);
  EXPECT_EQ(problemAt(problems, "/active")->severity, Severity::kError);
  EXPECT_EQ(problemAt(problems, "/graphql/enabled")->severity, Severity::kError);
}

TEST(LintDefinition, ReadsOasDocuments) {
  const test::TempDir dir;
  EXPECT_TRUE(lintDefinition(dir.write("good.json", oasDefinition().dump()), nullptr).empty());
  const Problems problems = lintDefinition(
      dir.write("a.json", with(oasDefinition(), "/x-tyk-api-gateway/server/listnPath", 1).dump()),
      nullptr);
  EXPECT_NE(problemAt(problems, "/x-tyk-api-gateway/server/listnPath"), nullptr) << shown(problems);
}

TEST(LintDefinition, ReadsTheCompanionOfAPair) {
  const test::TempDir dir;
  const std::string path = dir.write("a.json", with(classicDefinition(), "/is_oas", true).dump());
  EXPECT_EQ(test::errorCount(lintDefinition(path, nullptr)), 1U);
  dir.write("a-oas.json", with(oasDefinition(), "/openapi", "2").dump());
  const Problems problems = lintDefinition(path, nullptr);
  ASSERT_NE(problemAt(problems, "/openapi"), nullptr) << shown(problems);
  EXPECT_EQ(problemAt(problems, "/openapi")->file, dir.file("a-oas.json"));
}

TEST(LintDefinition, JudgesUnderTheGivenConfiguration) {
  const test::TempDir dir;
  const std::string path =
      dir.write("a.json", with(classicDefinition(), "/listen_port", 9000).dump());
  GatewayConfig config;
  config.listen_port = 9000;
  EXPECT_EQ(test::errorCount(lintDefinition(path, &config)), 0U);
  EXPECT_EQ(test::errorCount(lintDefinition(path, nullptr)), 1U);
}

}  // namespace
}  // namespace tykpp::definition
