#include "route/router.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::route {
namespace {

/// APIs named by their ids; `find` answers "<id>", "<id> by id", "<id> refused" or "none".
class RouterTest : public testing::Test {
 protected:
  definition::ApiSpec& api(std::string id, std::string listen_path, std::string domain = "") {
    auto& spec = apis_.emplace_back();
    spec.api_id = std::move(id);
    spec.listen_path = std::move(listen_path);
    spec.domain = std::move(domain);
    return spec;
  }
  void build() {
    std::vector<RouteEntry> entries;
    for (std::size_t i = 0; i < apis_.size(); ++i) {
      entries.push_back({&apis_[i], static_cast<std::uint32_t>(i)});
    }
    router_.emplace(entries, config_);
  }
  std::optional<Match> match(std::string_view path, std::string_view host = "gw.local:8080") {
    if (!router_) build();
    return router_->match(host, path);
  }
  std::string find(std::string_view path, std::string_view host = "gw.local:8080") {
    const auto found = match(path, host);
    if (!found) return "none";
    std::string name = apis_[found->api_index].api_id;
    if (found->by_id) name += " by id";
    if (found->strict_miss) name += " refused";
    return name;
  }

  definition::GatewayConfig config_;
  std::deque<definition::ApiSpec> apis_;
  std::optional<Router> router_;
};

TEST_F(RouterTest, PrefersTheLongestListenPathWhateverTheOrderOfFiles) {
  api("short", "/svc/");
  api("longest", "/svc/orders/archive/");
  api("long", "/svc/orders/");
  EXPECT_EQ(find("/svc/x"), "short");
  EXPECT_EQ(find("/svc/orders/1"), "long");
  EXPECT_EQ(find("/svc/orders"), "short");
  EXPECT_EQ(find("/svc/ordersx"), "short");
  EXPECT_EQ(find("/svc/orders/archive/2"), "longest");
  EXPECT_EQ(find("/svc"), "none");
  EXPECT_EQ(find("/"), "none");
  EXPECT_EQ(find(""), "none");
  EXPECT_EQ(find("*"), "none");
}

TEST_F(RouterTest, TakesAListenPathAsALiteralPrefix) {
  api("bare", "/bare");
  EXPECT_EQ(find("/bare"), "bare");
  EXPECT_EQ(find("/bare/x"), "bare");
  EXPECT_EQ(find("/barely"), "bare");
  EXPECT_EQ(match("/barely")->matched_size, 5U);
  EXPECT_EQ(find("/Bare"), "none");
}

TEST_F(RouterTest, RefusesWhatStrictRoutesForbidWithoutTryingShorterPaths) {
  config_.http_server_options.enable_strict_routes = true;
  api("bare", "/bare");
  api("root", "/");
  EXPECT_EQ(find("/bare"), "bare");
  EXPECT_EQ(find("/bare/x"), "bare");
  EXPECT_EQ(find("/barely"), "bare refused");
  EXPECT_EQ(find("/else"), "root");
}

TEST_F(RouterTest, AnswersUnderTheIdWithoutStripping) {
  api("inventory", "/listen-a/");
  EXPECT_EQ(find("/inventory/get"), "inventory by id");
  EXPECT_EQ(find("/listen-a/get"), "inventory");
  EXPECT_EQ(find("/inventory"), "none");
  EXPECT_EQ(find("/unknown/get"), "none");
}

TEST_F(RouterTest, LetsTheRouteByIdOfALongerApiGoFirst) {
  api("svc", "/a-rather-long-listen-path/");
  api("other", "/svc/x/");
  EXPECT_EQ(find("/svc/x/1"), "svc by id");
}

TEST_F(RouterTest, TakesTheListenPathForGrantedWhereItAndTheIdMatch) {
  api("same", "/same/");
  api("users", "/users/{id}/");
  EXPECT_EQ(find("/same/x"), "same");
  EXPECT_EQ(match("/same/x")->matched_size, 6U);
  EXPECT_EQ(find("/users/7/x"), "users");
  EXPECT_EQ(match("/users/7/x")->matched_size, 9U);
  EXPECT_EQ(find("/users/7"), "users by id");
}

TEST_F(RouterTest, KeepsIdAndListenPathOfDifferentCaseApart) {
  api("case", "/Case/");
  EXPECT_EQ(find("/Case/a"), "case");
  EXPECT_EQ(find("/case/a"), "case by id");
}

TEST_F(RouterTest, GivesInternalApisNoRoute) {
  api("inner", "/inner/").internal = true;
  EXPECT_EQ(find("/inner/x"), "none");
  EXPECT_EQ(find("/inner/"), "none");
}

TEST_F(RouterTest, MatchesVariablesAndExpressions) {
  api("v1", "/users/{id}/files/");
  api("v2", "/{tenant:[a-z]+}-api/");
  api("v3", "/orders/{num:[0-9]+}/");
  api("v4", "/keep/{id}/x/");
  EXPECT_EQ(find("/users/42/files/a.txt"), "v1");
  EXPECT_EQ(match("/users/42/files/a.txt")->matched_size, 16U);
  EXPECT_EQ(find("/users/42/other"), "none");
  EXPECT_EQ(find("/users//files/a"), "none");
  EXPECT_EQ(find("/users/a/b/files/a"), "none");
  EXPECT_EQ(find("/acme-api/list"), "v2");
  EXPECT_EQ(match("/acme-api/list")->matched_size, 10U);
  EXPECT_EQ(find("/ACME-api/list"), "none");
  EXPECT_EQ(find("/acme1-api/list"), "none");
  EXPECT_EQ(find("/orders/17/items"), "v3");
  EXPECT_EQ(find("/orders/x17/items"), "none");
  EXPECT_EQ(find("/keep/7/x/y"), "v4");
}

TEST_F(RouterTest, MatchesAVariableAtTheEndAndBytesThatAreNoUtf8) {
  api("end", "/end/{id}");
  api("rx", "/rx/{id:.+}/z");
  EXPECT_EQ(match("/end/ab/c")->matched_size, 7U);
  EXPECT_EQ(find("/end/"), "end by id");
  EXPECT_EQ(find("/end/\xff\xfe"), "end");
  EXPECT_EQ(find("/rx/\xff/z"), "rx");
}

TEST_F(RouterTest, PutsPlainPathsBeforeTemplatesOfTheSameLength) {
  api("template", "/a/{x}/bb/");  // 4 slashes and the segments a and bb: 7
  api("plain", "/a/c/bb");        // 7
  EXPECT_EQ(find("/a/c/bb/"), "plain");
  EXPECT_EQ(find("/a/d/bb/"), "template");
}

TEST_F(RouterTest, BreaksTiesByTheOrderOfFiles) {
  api("first", "/same/");
  api("second", "/same/");
  EXPECT_EQ(find("/same/x"), "first");
}

TEST_F(RouterTest, SelectsByDomainBeforeApisWithoutOne) {
  config_.enable_custom_domains = true;
  api("d0", "/api/");
  api("d1", "/api/", "one.example.com");
  api("drx", "/api/", "{sub:[a-z]+}.rx.example.com");
  api("off", "/off/", "off.example.com").domain_disabled = true;
  EXPECT_EQ(find("/api/x", "one.example.com"), "d1");
  EXPECT_EQ(find("/api/x", "one.example.com:8080"), "d1");
  EXPECT_EQ(find("/api/x", "ONE.example.com"), "d0");
  EXPECT_EQ(find("/api/x", "three.example.com"), "d0");
  EXPECT_EQ(find("/api/x", ""), "d0");
  EXPECT_EQ(find("/api/x", "abc.rx.example.com"), "drx");
  EXPECT_EQ(find("/api/x", "abc.rx.example.com:81"), "drx");
  EXPECT_EQ(find("/api/x", "ab1.rx.example.com"), "d0");
  EXPECT_EQ(find("/api/x", "a.b.rx.example.com"), "d0");
  EXPECT_EQ(find("/api/x", "{sub:[a-z]+}.rx.example.com"), "d0");
  EXPECT_EQ(find("/off/x", "other.example.com"), "off");
  EXPECT_EQ(find("/nope", "one.example.com"), "none");
  EXPECT_EQ(find("/d1/x", "one.example.com"), "d1 by id");
  EXPECT_EQ(find("/d1/x", "two.example.com"), "none");
}

TEST_F(RouterTest, IgnoresDomainsUnlessTheyAreSwitchedOn) {
  api("d1", "/api/", "one.example.com");
  EXPECT_EQ(find("/api/x", "two.example.com"), "d1");
}

TEST_F(RouterTest, FallsBackToApisWithoutADomainWhenThePathIsNotTheDomains) {
  config_.enable_custom_domains = true;
  api("d1", "/api/", "one.example.com");
  api("d0", "/shared/");
  EXPECT_EQ(find("/shared/x", "one.example.com"), "d0");
}

TEST_F(RouterTest, ComparesThePortWhenTheDomainNamesOne) {
  config_.enable_custom_domains = true;
  api("ported", "/", "one.example.com:8443");
  api("pattern", "/", "{a}.two.example.com:8443");
  EXPECT_EQ(find("/x", "one.example.com:8443"), "ported");
  EXPECT_EQ(find("/x", "one.example.com"), "none");
  EXPECT_EQ(find("/x", "one.example.com:80"), "none");
  EXPECT_EQ(find("/x", "a.two.example.com:8443"), "pattern");
  EXPECT_EQ(find("/x", "a.two.example.com"), "none");
}

TEST_F(RouterTest, ReadsAnIpv6Host) {
  config_.enable_custom_domains = true;
  api("six", "/", "[::1]");
  EXPECT_EQ(find("/x", "[::1]"), "six");
  EXPECT_EQ(find("/x", "[::1]:8080"), "six");
  EXPECT_EQ(find("/x", "[::2]"), "none");
}

TEST_F(RouterTest, TakesAWildcardForOneOrMoreLabelsAfterAllOtherDomains) {
  config_.enable_custom_domains = true;
  api("wild", "/api/longer/", "*.example.com");
  api("named", "/api/", "one.example.com");
  api("none-at-all", "/");
  EXPECT_EQ(find("/api/longer/x", "one.example.com"), "named");
  EXPECT_EQ(find("/api/longer/x", "two.example.com"), "wild");
  EXPECT_EQ(find("/api/longer/x", "a.b.example.com:80"), "wild");
  EXPECT_EQ(find("/api/longer/x", "example.com"), "none-at-all");
  EXPECT_EQ(find("/api/longer/x", ".example.com"), "none-at-all");
}

TEST_F(RouterTest, AsksEveryApiForTheConfiguredHostName) {
  config_.hostname = "gw.example.com";
  config_.enable_custom_domains = true;
  api("plain", "/longer-path/");
  api("own", "/", "own.example.com");
  EXPECT_EQ(find("/longer-path/x", "gw.example.com"), "plain");
  EXPECT_EQ(find("/longer-path/x", "other.example.com"), "none");
  EXPECT_EQ(find("/longer-path/x", "own.example.com"), "own");
}

TEST_F(RouterTest, RefusesWhatItCannotCompileAndRoutesTheRest) {
  config_.enable_custom_domains = true;
  api("good", "/good/");
  api("group", "/x/{a:(b|c)}/");
  api("braces", "/y/{a/");
  api("noname", "/z/{:b}/");
  api("noslash", "abc");
  api("badregex", "/q/{a:[}/");
  api("star", "/w/", "a.*.example.com");
  EXPECT_EQ(find("/good/x"), "good");
  const auto& refused = router_->refused();
  ASSERT_EQ(refused.size(), 6U);
  for (const Refused& entry : refused) {
    EXPECT_EQ(entry.error.code(), Errc::kBadDefinition);
    EXPECT_EQ(entry.error.where(), entry.index == 6 ? "/domain" : "/proxy/listen_path");
    EXPECT_FALSE(entry.error.message().empty());
    EXPECT_FALSE(Router::check(apis_[entry.index], config_).has_value());
  }
  EXPECT_TRUE(Router::check(apis_[0], config_).has_value());
}

TEST_F(RouterTest, SurvivesAHostMadeOfDots) {
  config_.enable_custom_domains = true;
  api("wild", "/", "*.example.com");
  std::string host(1 << 20, '.');
  host.append("example.com");
  EXPECT_EQ(find("/x", host), "none");
}

TEST_F(RouterTest, FindsEachOfManyApis) {
  config_.enable_custom_domains = true;
  for (int i = 0; i < 10000; ++i) {
    const std::string number = std::to_string(i);
    api("id" + number, "/api" + number + "/", i % 2 == 0 ? "" : "h" + number + ".example.com");
  }
  EXPECT_EQ(find("/api9998/x"), "id9998");
  EXPECT_EQ(find("/api99/x"), "none");
  EXPECT_EQ(find("/api99/x", "h99.example.com"), "id99");
  EXPECT_EQ(find("/api9998/x", "h99.example.com"), "id9998");
  EXPECT_EQ(find("/id42/x"), "id42 by id");
  EXPECT_EQ(find("/api10000/x"), "none");
}

}  // namespace
}  // namespace tykpp::route
