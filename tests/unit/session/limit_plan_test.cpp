#include "session/limit_plan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp::session {
namespace {

std::string bracketed(std::string_view text) { return "<" + std::string(text) + ">"; }

LimitPlan planOf(const char* session, const char* api) {
  const auto data = SessionData::parse(session);
  EXPECT_TRUE(data) << session;
  return LimitPlan(*data, {.api_id = api, .key = "k", .matching = {}, .hash = &bracketed});
}

TEST(LimitPlan, NamesCountersByScopeAndEdit) {
  const LimitPlan root = planOf(R"({"rate":5,"per":1,"quota_max":9,"last_updated":"77"})", "a");
  EXPECT_TRUE(root.granted());
  EXPECT_EQ(root.rateFor("GET", "/").limit.rate, 5);
  EXPECT_EQ(root.rateFor("GET", "/").name, "rate-limit-k");
  EXPECT_EQ(root.rateFor("GET", "/").blocked, "rate-limit-k.BLOCKED");
  EXPECT_EQ(root.rateFor("GET", "/").bucket.text, "rate-limit-k:77");
  EXPECT_EQ(root.quotaKey(), "quota-k");
  EXPECT_EQ(root.limit().quota_max, 9);

  const LimitPlan scoped =
      planOf(R"({"rate":5,"access_rights":{"a":{"limit":{"rate":2,"per":1,"throttle_interval":1,)"
             R"("throttle_retry_limit":2},"allowance_scope":"p"}}})",
             "a");
  EXPECT_EQ(scoped.rateFor("GET", "/").name, "rate-limit-p-k");
  EXPECT_EQ(scoped.rateFor("GET", "/").limit.rate, 2);
  EXPECT_EQ(scoped.quotaKey(), "quota-p-k");
  EXPECT_EQ(scoped.scope(), "p");
  EXPECT_EQ(scoped.throttle(), (Throttle{1, 2}));
}

TEST(LimitPlan, GrantsListedApisAndAllToMasterKeys) {
  EXPECT_FALSE(planOf(R"({"access_rights":{"b":{}}})", "a").granted());
  EXPECT_TRUE(planOf(R"({"access_rights":{"a":{}}})", "a").granted());
  EXPECT_TRUE(planOf("{}", "a").granted());
}

constexpr const char* kEndpoints =
    R"({"rate":100,"per":1,"access_rights":{"a":{"endpoints":[{"path":"/a","methods":)"
    R"([{"name":"GET","limit":{"rate":1,"per":60}}]},{"path":"/c/{id}","methods":[{"name":"post",)"
    R"("limit":{"rate":2,"per":60}},{"name":"GET","limit":{}}]},{"path":"/a","methods":)"
    R"([{"name":"GET","limit":{"rate":9,"per":60}}]},{"path":"(","methods":[{"name":"GET"}]}]}}})";

TEST(LimitPlan, TakesTheFirstEndpointThatMatches) {
  const LimitPlan plan = planOf(kEndpoints, "a");
  EXPECT_EQ(plan.rateFor("GET", "/a").limit.rate, 1);
  EXPECT_EQ(plan.rateFor("GET", "/a").name, "rate-limit-k-<GET:/a>");
  EXPECT_EQ(plan.rateFor("GET", "/a").bucket.text, "rate-limit-k-<GET:/a>:");
  EXPECT_EQ(plan.rateFor("POST", "/c/1").name, "rate-limit-k-<post:/c/{id}>");
  EXPECT_EQ(&plan.rateFor("POST", "/c/1"), &plan.rateFor("POST", "/c/2"));
  EXPECT_FALSE(plan.rateFor("GET", "/c/1").limit.limited());
  EXPECT_EQ(plan.rateFor("PUT", "/a").limit.rate, 100);
  EXPECT_EQ(plan.rateFor("GET", "/b").name, "rate-limit-k");
  ASSERT_EQ(plan.problems().size(), 1U);
  EXPECT_EQ(plan.problems()[0].substr(0, 3), "(: ");
}

TEST(LimitPlan, CountsUnderAPatternOfTheSessionsOwn) {
  std::string session = kEndpoints;
  session.insert(1, R"("meta_data":{"rate_limit_pattern":"$tyk_meta.team-","team-":"reds"},)"
                    R"("last_updated":"77",)");
  const LimitPlan plan = planOf(session.c_str(), "a");
  EXPECT_EQ(plan.rateFor("GET", "/a").name, "rate-limit-reds-<GET:/a>");
  EXPECT_EQ(plan.rateFor("GET", "/a").bucket.text, "rate-limit-reds-<GET:/a>");
  EXPECT_EQ(plan.rateFor("GET", "/b").name, "rate-limit-reds");
  EXPECT_EQ(plan.quotaKey(), "quota-reds");
}

TEST(LimitPlan, CountsUnderItsKeyWhenThePatternGivesNothing) {
  const LimitPlan plan =
      planOf(R"({"rate":1,"per":1,"meta_data":{"rate_limit_pattern":"$tyk_meta.gone"}})", "a");
  EXPECT_EQ(plan.rateFor("GET", "/").name, "rate-limit-k");
}

LimitPlan urlsOf(const char* urls, definition::EndpointMatching matching = {}) {
  const std::string session =
      R"({"access_rights":{"a":{"allowed_urls":)" + std::string(urls) + "}}}";
  return LimitPlan(*SessionData::parse(session),
                   {.api_id = "a", .key = "k", .matching = matching, .hash = &bracketed});
}

TEST(LimitPlan, AllowsTheUrlsThatAreListed) {
  const LimitPlan plan =
      urlsOf(R"([{"url":"(","methods":["GET"]},{"url":"/users/[0-9]+$","methods":["GET"]},)"
             R"({"url":"/items/{id}","methods":["GET","POST"]}])");
  EXPECT_TRUE(plan.allows("GET", "/users/1", "/l/users/1"));
  EXPECT_FALSE(plan.allows("GET", "/users/x", "/l/users/x"));
  EXPECT_FALSE(plan.allows("POST", "/users/1", "/l/users/1"));
  EXPECT_FALSE(plan.allows("get", "/users/1", "/l/users/1"));
  EXPECT_TRUE(plan.allows("POST", "/items/7", "/l/items/7"));
  ASSERT_EQ(plan.problems().size(), 1U);
}

TEST(LimitPlan, AllowsEverythingWithoutAList) {
  EXPECT_TRUE(urlsOf("[]").allows("GET", "/x", "/l/x"));
  EXPECT_FALSE(urlsOf(R"([{"url":"(","methods":["GET"]}])").allows("GET", "/x", "/l/x"));
}

TEST(LimitPlan, LooksForAllowedUrlsWhereTheSettingsSay) {
  const char* listed = R"([{"url":"/l","methods":["GET"]},{"url":"","methods":["PUT"]}])";
  EXPECT_TRUE(urlsOf(listed).allows("GET", "/x", "/l/x")) << "the listen path is searched as well";
  EXPECT_TRUE(urlsOf(listed).allows("PUT", "/x", "/l/x"));
  const LimitPlan prefix = urlsOf(listed, {.prefix = true});
  EXPECT_TRUE(prefix.allows("GET", "/l2", "/k/l2"));
  EXPECT_FALSE(prefix.allows("GET", "/x/l", "/k/x/l"));
  EXPECT_FALSE(prefix.allows("PUT", "/x", "/l/x")) << "an empty pattern matches nothing then";
}

}  // namespace
}  // namespace tykpp::session
