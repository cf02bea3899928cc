#include "middleware/version_choice.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "common/fired_events.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {
namespace {

using definition::VersionLocation;
using Kind = VersionChoice::Choice::Kind;

class VersionChoiceTest : public ::testing::Test {
 protected:
  VersionChoiceTest() {
    rules_.versions = {{"v1", nullptr}, {"v2", nullptr}};
    rules_.key = "X-Version";
    rules_.location = VersionLocation::kHeader;
  }
  Result<VersionChoice::Choice> choose(const std::string& target = "/l/a") {
    auto made =
        VersionChoice::create(std::make_shared<definition::VersionRules>(rules_), surroundings_);
    EXPECT_TRUE(made);
    EXPECT_TRUE(exchange_.request().setTarget(arena_.copy(target)));
    exchange_.version_in_path = {};  // each is a request of its own
    exchange_.listen_path_match = exchange_.request().path.substr(0, 3);
    made_.push_back(std::move(*made));
    return made_.back()->choose(exchange_);
  }
  void name(std::string_view version) { exchange_.request().headers.set("x-version", version); }
  std::string why(const std::string& target = "/l/a") {
    const auto choice = choose(target);
    EXPECT_FALSE(choice);
    return choice ? std::string()
                  : std::to_string(choice.error().status()) + " " + choice.error().message();
  }
  /// Versions that are APIs: `v1` the API itself, `v2` and `v3` others.
  void apart() {
    rules_.versions.clear();
    rules_.apart = true;
    rules_.own_name = "v1";
    rules_.children = {{"v2", "two"}, {"v3", "three"}};
  }

  definition::VersionRules rules_;
  VersionChoice::Surroundings surroundings_;
  BlockPool pool_;
  Arena arena_{pool_};
  std::vector<std::unique_ptr<const VersionChoice>> made_;  // the exchange has views of their texts
  http::Exchange exchange_{arena_, 0, 1};
};

TEST_F(VersionChoiceTest, FindsTheVersionThatAHeaderNames) {
  name("v2");
  const auto choice = choose();
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->kind, Kind::kVersion);
  EXPECT_EQ(choice->index, 1U);
  EXPECT_EQ(exchange_.request().headers.get("X-Version"), "v2");
}

TEST_F(VersionChoiceTest, TakesTheHeaderOut) {
  rules_.strip = true;
  name("v1");
  ASSERT_TRUE(choose());
  EXPECT_FALSE(exchange_.request().headers.contains("X-Version"));
}

TEST_F(VersionChoiceTest, RefusesWhatNobodyNamedAndWhatIsNotThere) {
  EXPECT_EQ(why(), "403 Version information not found");
  name("v9");
  EXPECT_EQ(why(), "403 This API version does not seem to exist");
  rules_.default_version = "v7";
  exchange_.request().headers.clear();
  EXPECT_EQ(why(), "403 This API version does not seem to exist");
}

TEST_F(VersionChoiceTest, FiresVersionFailure) {
  tykpp::test::Fired fired("VersionFailure");
  surroundings_.events = fired.emitter();
  EXPECT_FALSE(why().empty());
  EXPECT_EQ(fired.all().size(), 1U);
}

TEST_F(VersionChoiceTest, TellsWhenTheDefaultVersionWasUsed) {
  rules_.default_version = "v2";
  surroundings_.version_header = "X-Used";
  const auto choice = choose();
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->index, 1U);
  EXPECT_EQ(exchange_.answer_headers.get("X-Used"), "v2");
}

TEST_F(VersionChoiceTest, DoesNotTellOfAVersionThatWasNamed) {
  rules_.default_version = "v2";
  surroundings_.version_header = "X-Used";
  name("v1");
  EXPECT_EQ(choose()->index, 0U);
  EXPECT_FALSE(exchange_.answer_headers.contains("X-Used"));
}

TEST_F(VersionChoiceTest, FallsBackToTheDefault) {
  rules_.fallback_to_default = true;
  name("v9");
  EXPECT_EQ(why(), "403 This API version does not seem to exist") << "there is no default";
  rules_.default_version = "v1";
  EXPECT_EQ(choose()->index, 0U);
}

TEST_F(VersionChoiceTest, ReadsAParameter) {
  rules_.location = VersionLocation::kUrlParam;
  rules_.key = "ver sion";
  const auto choice = choose("/l/a?b=1&ver+sion=v%32&ver+sion=v1");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->index, 1U);
  EXPECT_EQ(exchange_.request().query, "b=1&ver+sion=v%32&ver+sion=v1");
  rules_.strip = true;
  EXPECT_EQ(choose("/l/a?z=%2f&ver%20sion=v2&b=1&b=0")->index, 1U);
  EXPECT_EQ(exchange_.request().query, "b=1&b=0&z=%2F");
  EXPECT_EQ(exchange_.listen_path_match, "/l/");
  EXPECT_TRUE(choose("/l/a?ver+sion=v2"));
  EXPECT_FALSE(exchange_.request().has_query);
}

TEST_F(VersionChoiceTest, ReadsTheFirstSegmentOfThePath) {
  rules_.location = VersionLocation::kUrl;
  EXPECT_EQ(choose("/l/v2/a")->index, 1U);
  EXPECT_EQ(exchange_.request().path, "/l/v2/a");
  const http::EndpointPath path = http::endpointPath(exchange_);
  EXPECT_EQ(path.path, "/a");
  EXPECT_EQ(path.versioned, "/v2/a");
  EXPECT_EQ(choose("/l/v2")->index, 1U);
  EXPECT_EQ(http::endpointPath(exchange_).path, "/");
  EXPECT_EQ(why("/l/"), "403 Version information not found");
  EXPECT_EQ(why("/l/a/v2"), "403 This API version does not seem to exist");
}

TEST_F(VersionChoiceTest, TakesTheSegmentOut) {
  rules_.location = VersionLocation::kUrl;
  rules_.strip = true;
  EXPECT_EQ(choose("/l/v2/a%20b?q=1")->index, 1U);
  EXPECT_EQ(exchange_.request().path, "/l/a b");
  EXPECT_EQ(exchange_.request().raw_path, "/l/a%20b");
  EXPECT_EQ(exchange_.request().query, "q=1");
  EXPECT_EQ(exchange_.listen_path_match, "/l/");
  EXPECT_EQ(http::endpointPath(exchange_).path, "/a b");
  EXPECT_TRUE(choose("/l/v%32/"));
  EXPECT_EQ(exchange_.request().path, "/l/");
  EXPECT_TRUE(choose("/l/v2"));
  EXPECT_EQ(exchange_.request().path, "/l/v2") << "nothing stands behind it";
}

TEST_F(VersionChoiceTest, TakesOutOnlyWhatThePatternFits) {
  rules_.location = VersionLocation::kUrl;
  rules_.strip = true;
  rules_.strip_pattern = "^v[12]{1,2}$";
  rules_.fallback_to_default = true;
  rules_.default_version = "v1";
  EXPECT_EQ(choose("/l/v2/a")->index, 1U);
  EXPECT_EQ(exchange_.request().path, "/l/a");
  EXPECT_EQ(choose("/l/things/a")->index, 0U);
  EXPECT_EQ(exchange_.request().path, "/l/things/a");
}

TEST_F(VersionChoiceTest, PassesTheSlugOver) {
  rules_.location = VersionLocation::kUrl;
  surroundings_.slug = "shop";
  EXPECT_EQ(choose("/l/shop/v2/a")->index, 1U);
  EXPECT_EQ(why("/l/shops/v2/a"), "403 This API version does not seem to exist");
}

TEST_F(VersionChoiceTest, KnowsNoNameWithoutALocation) {
  rules_.location = VersionLocation::kNone;
  rules_.default_version = "v1";
  name("v2");
  EXPECT_EQ(choose()->index, 0U);
}

TEST_F(VersionChoiceTest, RefusesAPatternThatIsNone) {
  rules_.strip_pattern = "(";
  const auto made =
      VersionChoice::create(std::make_shared<definition::VersionRules>(rules_), surroundings_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().where(), "/definition/url_versioning_pattern");
}

TEST_F(VersionChoiceTest, FindsOtherApis) {
  apart();
  rules_.default_version = "self";
  EXPECT_EQ(choose()->kind, Kind::kBase);
  name("v1");
  EXPECT_EQ(choose()->kind, Kind::kBase);
  name("v3");
  EXPECT_EQ(choose()->kind, Kind::kChild);
  EXPECT_EQ(choose()->index, 1U);
}

TEST_F(VersionChoiceTest, RefusesOtherApisThatAreNotThere) {
  apart();
  EXPECT_EQ(why(), "403 Version information not found");
  name("v9");
  EXPECT_EQ(why(), "404 This API version does not seem to exist");
  rules_.fallback_to_default = true;
  EXPECT_EQ(why(), "500 Internal Server Error");
  rules_.default_version = "gone";
  EXPECT_EQ(why(), "500 Internal Server Error");
  rules_.default_version = "v2";
  EXPECT_EQ(choose()->kind, Kind::kChild);
}

}  // namespace
}  // namespace tykpp::middleware
