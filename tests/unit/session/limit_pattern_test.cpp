#include "session/limit_pattern.hpp"

#include <gtest/gtest.h>

namespace tykpp::session {
namespace {

std::string expanded(std::string_view pattern) {
  const MetaData metadata{{"team", {"reds", true}},  {"a.b-c", {"dotted", true}},
                          {"number", {"12", false}}, {"list", {R"(["x",2,true])", false}},
                          {"flag", {"true", false}}, {"object", {R"({"a":1})", false}}};
  const PatternSecrets::Map conf{{"site", "north"}};
  const PatternSecrets::Map environment{{"TYK_SECRET_ZONE", "z1"}};
  return expandPattern(pattern, metadata, {&conf, &environment});
}

TEST(LimitPattern, ReplacesVariables) {
  EXPECT_EQ(expanded("$tyk_meta.team"), "reds");
  EXPECT_EQ(expanded("k:$tyk_meta.team/$secret_conf.site:$secret_env.zone."), "k:reds/north:");
  EXPECT_EQ(expanded("$tyk_meta.a.b-c"), "dotted");
  EXPECT_EQ(expanded("plain $5 $"), "plain $5 $");
  EXPECT_EQ(expanded(""), "");
}

TEST(LimitPattern, WritesValuesThatAreNoTextAsTheReferenceDoes) {
  EXPECT_EQ(expanded("$tyk_meta.number"), "12");
  EXPECT_EQ(expanded("$tyk_meta.list"), "x,2,");
  EXPECT_EQ(expanded("<$tyk_meta.flag$tyk_meta.object>"), "<>");
}

TEST(LimitPattern, LeavesOutWhatHasNoValue) {
  EXPECT_EQ(expanded("$tyk_meta.gone$tyk_context.ip$secret_vault.a$secret_conf.b"), "");
  EXPECT_EQ(expandPattern("$secret_conf.site$secret_env.zone", {}, {}), "");
}

}  // namespace
}  // namespace tykpp::session
