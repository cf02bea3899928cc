// Who the gateway is to the upstream, from Classic and OAS definitions.

#include <gtest/gtest.h>

#include "definition/auth_rules.hpp"
#include "definition/classic.hpp"
#include "definition/oas.hpp"
#include "unit/definition/definitions.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::problemAt;
using test::shown;

constexpr const char* kOasPlace = "/x-tyk-api-gateway/upstream/authentication";

class UpstreamAuth : public ::testing::Test {
 protected:
  UpstreamCredential classic(const json& auth) {
    problems_.clear();
    const auto spec =
        parseClassic(test::with(test::classicDefinition(), "/upstream_auth", auth).dump(), "c.json",
                     {}, problems_);
    return spec ? spec->auth->upstream : UpstreamCredential{};
  }
  UpstreamCredential oas(const json& auth) {
    problems_.clear();
    const auto spec = parseOas(test::with(test::oasDefinition(), kOasPlace, auth).dump(), "o.json",
                               {}, problems_);
    return spec ? spec->auth->upstream : UpstreamCredential{};
  }
  Problems problems_;
};

json basic(const json& more = json::object()) {
  json made = {{"enabled", true}, {"username", "us\u00e9r"}, {"password", "a:b c"}};
  made.update(more);
  return made;
}

TEST_F(UpstreamAuth, IsReadyToSend) {
  for (const UpstreamCredential& found : {classic({{"enabled", true}, {"basic_auth", basic()}}),
                                          oas({{"enabled", true}, {"basicAuth", basic()}})}) {
    ASSERT_TRUE(found.enabled) << shown(problems_);
    EXPECT_EQ(found.header, "Authorization");
    EXPECT_EQ(found.value, "Basic dXPDqXI6YTpiIGM=");
  }
}

TEST_F(UpstreamAuth, MayStandInAnotherHeader) {
  const json named = basic({{"header", {{"enabled", true}, {"name", "X-Up"}}}});
  EXPECT_EQ(classic({{"enabled", true}, {"basic_auth", named}}).header, "X-Up");
  EXPECT_EQ(oas({{"enabled", true}, {"basicAuth", named}}).header, "X-Up");
  for (const json& header : {json{{"enabled", false}, {"name", "X-Up"}}, json{{"enabled", true}}}) {
    EXPECT_EQ(classic({{"enabled", true}, {"basic_auth", basic({{"header", header}})}}).header,
              "Authorization");
  }
}

TEST_F(UpstreamAuth, IsOffUnlessAllOfItIsOn) {
  EXPECT_FALSE(classic({{"enabled", false}, {"basic_auth", basic()}}).enabled);
  EXPECT_FALSE(classic({{"enabled", true}, {"basic_auth", basic({{"enabled", false}})}}).enabled);
  EXPECT_FALSE(
      oas({{"enabled", false}, {"basicAuth", basic()}, {"oauth", {{"enabled", true}}}}).enabled);
  EXPECT_FALSE(classic({{"enabled", true}}).enabled);
  EXPECT_EQ(test::errorCount(problems_), 0u) << shown(problems_);
}

TEST_F(UpstreamAuth, TellsWhatCannotBeSent) {
  const struct {
    json change;
    std::string place;
  } kCases[] = {
      {{{"username", "a:b"}}, "/username"},
      {{{"username", "a\nb"}}, "/username"},
      {{{"password", "a\rb"}}, "/password"},
      {{{"password", 1}}, "/password"},
      {{{"header", {{"enabled", true}, {"name", "a b"}}}}, "/header/name"},
      {{{"header", {{"enabled", true}, {"name", "Host"}}}}, "/header/name"},
      {{{"header", {{"enabled", true}, {"name", "content-length"}}}}, "/header/name"},
  };
  for (const auto& test : kCases) {
    classic({{"enabled", true}, {"basic_auth", basic(test.change)}});
    EXPECT_NE(problemAt(problems_, "/upstream_auth/basic_auth" + test.place), nullptr)
        << test.place << "\n"
        << shown(problems_);
    EXPECT_EQ(test::errorCount(problems_), 1u) << shown(problems_);
    oas({{"enabled", true}, {"basicAuth", basic(test.change)}});
    EXPECT_NE(problemAt(problems_, kOasPlace + ("/basicAuth" + test.place)), nullptr)
        << test.place << "\n"
        << shown(problems_);
  }
  // What is a secret stays one.
  EXPECT_EQ(shown(problems_).find("a:b c"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::definition
