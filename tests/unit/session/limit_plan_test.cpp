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
  const LimitPlan plan = planOf(kEndpoints, "a");
  const RateRule endpoint = plan.under(plan.rateFor("GET", "/a"), "tenant-");
  EXPECT_EQ(endpoint.name, "rate-limit-tenant-<GET:/a>");
  EXPECT_EQ(endpoint.bucket.text, "rate-limit-tenant-<GET:/a>");
  EXPECT_EQ(endpoint.limit.rate, 1);
  EXPECT_EQ(plan.under(plan.rateFor("GET", "/b"), "tenant").name, "rate-limit-tenant");
  EXPECT_EQ(plan.quotaKeyUnder("tenant"), "quota-tenant");
}

}  // namespace
}  // namespace tykpp::session
