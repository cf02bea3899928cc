#include "session/apply_policies.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace tykpp::session {
namespace {

PolicySet setOf(std::initializer_list<const char*> texts) {
  PolicySet::Entries entries;
  for (const char* text : texts) {
    auto policy = Policy::parse(text);
    EXPECT_TRUE(policy) << text;
    entries.insert_or_assign(policy->effectiveId(), PolicySet::Entry{*policy, "file"});
  }
  return PolicySet(std::move(entries));
}

struct Outcome {
  std::string error;
  std::string session;
};

Outcome apply(const char* session_text, const PolicySet& set) {
  auto session = SessionData::parse(session_text);
  EXPECT_TRUE(session) << session_text;
  const auto done = applyPolicies(*session, set, "o");
  return {done ? "" : done.error().message(), session->json()};
}

struct Case {
  const char* what;
  std::initializer_list<const char*> policies;
  const char* session;
  const char* error;
  const char* wanted;  ///< null: not looked at
};

void check(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    const Outcome outcome = apply(c.session, setOf(c.policies));
    EXPECT_EQ(outcome.error, c.error) << c.what;
    if (c.wanted != nullptr) {
      EXPECT_EQ(outcome.session, c.wanted) << c.what;
    }
  }
}

TEST(ApplyPolicies, FailsAsAWhole) {
  check({{"unknown alone", {}, R"({"apply_policies":["x"]})", "policy not found: \"x\"", nullptr},
         {"all unknown",
          {},
          R"({"apply_policies":["x","y"]})",
          "key has no valid policies to be applied",
          nullptr},
         {"one unknown of two",
          {R"({"id":"p","org_id":"o","access_rights":{"a":{"versions":["v"]}}})"},
          R"({"rate":9,"per":1,"apply_policies":["x","p"]})",
          "",
          // Clearing stops at the unknown one, so that the session's own rate stays at the root
          // until the one API's replaces it.
          R"({"access_rights":{"a":{"versions":["v"]}},"apply_policies":["x","p"]})"},
         {"of another organisation",
          {R"({"id":"p","org_id":"z","access_rights":{"a":{}}})"},
          R"({"apply_policies":["p"]})",
          "attempting to apply policy from different organisation to key, skipping",
          nullptr},
         {"per_api and a partition",
          {R"({"id":"p","org_id":"o","partitions":{"per_api":true,"acl":true}})"},
          R"({"apply_policies":["p"]})",
          "cannot apply policy p which has per_api and any of partitions set",
          nullptr},
         {"without rights",
          {R"({"id":"p","org_id":"o","rate":5,"per":1,"quota_max":7,"quota_renewal_rate":60})"},
          R"({"apply_policies":["p"]})",
          "key has no valid policies to be applied",
          R"({"rate":5,"per":1,"quota_max":7,"quota_renewal_rate":60,"apply_policies":["p"]})"},
         {"quota alone gives no right",
          {R"({"id":"p","org_id":"o","partitions":{"quota":true},"access_rights":{"a":{}}})"},
          R"({"access_rights":{"b":{}},"apply_policies":["p"]})",
          "key has no valid policies to be applied",
          nullptr}});
}

constexpr const char* kPerApi =
    R"({"id":"each","org_id":"o","partitions":{"per_api":true},"access_rights":{"a":{"versions":["v"]}}})";
constexpr const char* kPart =
    R"({"id":"part","org_id":"o","partitions":{"acl":true},"access_rights":{"a":{"versions":["v"]}}})";
constexpr const char* kWhole =
    R"({"id":"whole","org_id":"o","access_rights":{"a":{"versions":["v"]}}})";

TEST(ApplyPolicies, MixesKindsOnlyWithWholePolicies) {
  const PolicySet set = setOf({kPerApi, kPart, kWhole});
  const std::string mixed =
      "cannot apply multiple policies when some have per_api set and some are partitioned";
  EXPECT_EQ(apply(R"({"apply_policies":["part","each"]})", set).error, mixed);
  EXPECT_EQ(apply(R"({"apply_policies":["each","part"]})", set).error, mixed);
  EXPECT_EQ(apply(R"({"apply_policies":["each","whole"]})", set).error, "");
  EXPECT_EQ(apply(R"({"apply_policies":["whole","each"]})", set).error, "");
  EXPECT_EQ(apply(R"({"apply_policies":["part","whole"]})", set).error, "");
}

TEST(ApplyPolicies, GivesOwnLimitsAScopeWithoutPolicies) {
  check({{"scope",
          {},
          R"({"rate":1,"per":2,"access_rights":{"a":{"limit":{"rate":3,"per":1}},"b":{}}})",
          "",
          R"({"rate":1,"per":2,"access_rights":{"a":{"limit":{"rate":3,"per":1},)"
          R"("allowance_scope":"a"},"b":{}}})"}});
}

TEST(ApplyPolicies, ReplacesRightsAndLimits) {
  check(
      {{"one policy",
        {R"({"id":"p","org_id":"o","rate":1000,"per":60,"quota_max":2,"quota_renewal_rate":3600,)"
         R"("throttle_interval":1,"throttle_retry_limit":2,"max_query_depth":4,)"
         R"("access_rights":{"one":{"api_id":"one","api_name":"one","versions":["Default"]}}})"},
        R"({"rate":9999,"per":1,"quota_max":100,"quota_remaining":100,"quota_renewal_rate":60,)"
        R"("throttle_retry_limit":9,"access_rights":{"two":{"api_id":"two"}},"org_id":"o",)"
        R"("apply_policies":["p"]})",
        "",
        R"({"rate":1000,"per":60,"throttle_interval":1,"throttle_retry_limit":2,)"
        R"("max_query_depth":4,"quota_max":2,"quota_renewal_rate":3600,"access_rights":{"one":)"
        R"({"versions":["Default"],"limit":{"rate":1000,"per":60,"throttle_interval":1,)"
        R"("throttle_retry_limit":2,"max_query_depth":4,"quota_max":2,"quota_renewal_rate":3600}}},)"
        R"("org_id":"o","apply_policies":["p"]})"},
       {"the next period stays the session's",
        {R"({"id":"p","org_id":"o","quota_max":5,"access_rights":{"a":{}}})"},
        R"({"access_rights":{"a":{"limit":{"quota_max":1,"quota_renews":77}}},"apply_policies":["p"]})",
        "",
        R"({"quota_max":5,"quota_renews":77,"access_rights":{"a":{"limit":{"quota_max":5,)"
        R"("quota_renews":77}}},"apply_policies":["p"]})"}});
}

TEST(ApplyPolicies, JoinsTwoWholePolicies) {
  check({{"different APIs",
          {R"({"id":"a","org_id":"o","rate":10,"per":60,"quota_max":5,"quota_renewal_rate":3600,)"
           R"("access_rights":{"one":{"versions":["Default"]}},"tags":["ta","t"],)"
           R"("meta_data":{"m":"a","x":"1"},"last_updated":"5"})",
           R"({"id":"b","org_id":"o","rate":20,"per":60,"quota_max":8,"quota_renewal_rate":3600,)"
           R"("access_rights":{"two":{"versions":["Default"]}},"tags":["tb","t"],)"
           R"("meta_data":{"m":"b"},"last_updated":"3"})"},
          R"({"apply_policies":["a","b"],"tags":["own","t"],"meta_data":{"own":"1","m":"s"},)"
          R"("last_updated":"4"})",
          "",
          R"({"rate":20,"per":60,"quota_max":8,"quota_renewal_rate":3600,"access_rights":{"one":)"
          R"({"versions":["Default"],"limit":{"rate":10,"per":60,"quota_max":5,)"
          R"("quota_renewal_rate":3600},"allowance_scope":"a"},"two":{"versions":["Default"],)"
          R"("limit":{"rate":20,"per":60,"quota_max":8,"quota_renewal_rate":3600},)"
          R"("allowance_scope":"b"}},"apply_policies":["a","b"],"meta_data":{"m":"b","own":"1",)"
          R"("x":"1"},"tags":["ta","t","tb","own"],"last_updated":"5"})"},
         {"one API, the last gives no scope",
          {R"({"id":"a","org_id":"o","rate":10,"per":60,"quota_max":-1,"access_rights":{"x":{}}})",
           R"({"id":"b","org_id":"o","rate":30,"per":60,"quota_max":8,"access_rights":{"x":{}}})"},
          R"({"apply_policies":["a","b"]})",
          "",
          R"({"rate":30,"per":60,"quota_max":-1,"access_rights":{"x":{"limit":{"rate":30,"per":60,)"
          R"("quota_max":-1}}},"apply_policies":["a","b"]})"}});
}

TEST(ApplyPolicies, UnitesRightsInTheOrderTheyAppear) {
  check(
      {{"versions, URLs, types, tools",
        {R"({"id":"a","org_id":"o","access_rights":{"x":{"versions":["v1"],"allowed_urls":)"
         R"([{"url":"/i","methods":["GET"]}],"restricted_types":[{"name":"T","fields":["f"]}],)"
         R"("allowed_types":[{"name":"T","fields":["f"]}],"field_access_rights":[{"type_name":"T",)"
         R"("field_name":"f","limits":{"max_query_depth":2}}],)"
         R"("json_rpc_methods_access_rights":{"allowed":["m"]},)"
         R"("mcp_access_rights":{"tools":{"allowed":["t"]}}}}})",
         R"({"id":"b","org_id":"o","access_rights":{"x":{"versions":["v2","v1"],"allowed_urls":)"
         R"([{"url":"/i","methods":["PUT","GET"]},{"url":"/j","methods":["GET"]}],)"
         R"("restricted_types":[{"name":"T","fields":["g","f"]},{"name":"U","fields":["h"]}],)"
         R"("field_access_rights":[{"type_name":"T","field_name":"f","limits":{"max_query_depth":-1}}],)"
         R"("disable_introspection":true,"json_rpc_methods_access_rights":{"blocked":["n"]},)"
         R"("mcp_access_rights":{"tools":{"allowed":["u"]},"prompts":{"blocked":["p"]}}}}})"},
        R"({"apply_policies":["a","b"]})",
        "",
        R"({"access_rights":{"x":{"versions":["v1","v2"],"allowed_urls":[{"url":"/i","methods":)"
        R"(["GET","PUT"]},{"url":"/j","methods":["GET"]}],"restricted_types":[{"name":"T",)"
        R"("fields":["f","g"]},{"name":"U","fields":["h"]}],"allowed_types":[{"name":"T",)"
        R"("fields":["f"]}],"field_access_rights":[{"type_name":"T","field_name":"f","limits":)"
        R"({"max_query_depth":-1}}],"disable_introspection":true,)"
        R"("json_rpc_methods_access_rights":{"allowed":["m"],"blocked":["n"]},)"
        R"("mcp_access_rights":{"tools":{"allowed":["t","u"]},"prompts":{"blocked":["p"]}}}},)"
        R"("apply_policies":["a","b"]})"}});
}

TEST(ApplyPolicies, AppliesPartsOfPolicies) {
  constexpr const char* kAcl =
      R"({"id":"acl","org_id":"o","rate":1000,"per":60,"quota_max":-1,"partitions":{"acl":true},)"
      R"("access_rights":{"one":{"versions":["D"],"endpoints":[{"path":"/e","methods":)"
      R"([{"name":"GET","limit":{"rate":1,"per":1}}]}]}}})";
  constexpr const char* kQuota =
      R"({"id":"quota","org_id":"o","rate":1000,"per":60,"quota_max":5,"quota_renewal_rate":3600,)"
      R"("partitions":{"quota":true},"access_rights":{"one":{}}})";
  constexpr const char* kRate =
      R"({"id":"rate","org_id":"o","rate":2,"per":60,"quota_max":-1,"partitions":{"rate_limit":true},)"
      R"("access_rights":{"one":{"endpoints":[{"path":"/r","methods":[{"name":"GET","limit":{}}]}]}}})";
  check(
      {{"three parts",
        {kAcl, kQuota, kRate},
        R"({"apply_policies":["acl","quota","rate"]})",
        "",
        R"({"rate":2,"per":60,"quota_max":5,"quota_renewal_rate":3600,"access_rights":{"one":)"
        R"({"versions":["D"],"limit":{"rate":2,"per":60,"quota_max":5,"quota_renewal_rate":3600},)"
        R"("endpoints":[{"path":"/r","methods":[{"name":"GET","limit":{}}]}]}},)"
        R"("apply_policies":["acl","quota","rate"]})"},
       {"rights alone, the rest from the session",
        {kAcl},
        R"({"rate":1000,"per":60,"throttle_interval":3,"max_query_depth":6,"quota_max":7,)"
        R"("quota_renews":5,"quota_remaining":7,"quota_renewal_rate":3600,"apply_policies":["acl"]})",
        "",
        R"({"rate":1000,"per":60,"throttle_interval":3,"max_query_depth":6,"quota_max":7,)"
        R"("quota_renews":5,"quota_remaining":7,"quota_renewal_rate":3600,"access_rights":{"one":)"
        R"({"versions":["D"],"limit":{"rate":1000,"per":60,"throttle_interval":3,)"
        R"("max_query_depth":6,"quota_max":7,"quota_renews":5,"quota_renewal_rate":3600}}},)"
        R"("apply_policies":["acl"]})"},
       {"rate removed: unlimited",
        {kAcl},
        R"({"apply_policies":["acl"]})",
        "",
        R"({"access_rights":{"one":{"versions":["D"]}},"apply_policies":["acl"]})"}});
}

TEST(ApplyPolicies, LetsTheMoreGenerousRateWin) {
  check(
      {{"rates that say nothing lose",
        {R"({"id":"a","org_id":"o","rate":10,"per":10,"access_rights":{"x":{}}})",
         R"({"id":"b","org_id":"o","rate":0,"per":0,"access_rights":{"x":{}}})",
         R"({"id":"c","org_id":"o","rate":1,"per":0.5,"access_rights":{"x":{}},)"
         R"("smoothing":{"enabled":true,"threshold":1,"trigger":1,"step":1,"delay":1}})"},
        R"({"apply_policies":["a","b","c"]})",
        "",
        R"({"rate":1,"per":0.5,"access_rights":{"x":{"limit":{"rate":1,"per":0.5,"smoothing":)"
        R"({"enabled":true,"threshold":1,"trigger":1,"step":1,"delay":1}}}},)"
        R"("apply_policies":["a","b","c"],"smoothing":{"enabled":true,"threshold":1,"trigger":1,)"
        R"("step":1,"delay":1}})"},
       {"endpoints",
        {R"({"id":"a","org_id":"o","access_rights":{"x":{"endpoints":[{"path":"/e","methods":)"
         R"([{"name":"GET","limit":{"rate":10,"per":60}},{"name":"PUT","limit":{"rate":1,"per":1}}]}]}}})",
         R"({"id":"b","org_id":"o","access_rights":{"x":{"endpoints":[{"path":"/e","methods":)"
         R"([{"name":"get","limit":{"rate":20,"per":120}},{"name":"PUT","limit":{"rate":1,"per":2}},)"
         R"({"name":"POST","limit":{"rate":3,"per":1}}]},{"path":"/f","methods":[{"name":"GET",)"
         R"("limit":{"rate":4,"per":1}}]}]}}})"},
        R"({"apply_policies":["a","b"]})",
        "",
        R"({"access_rights":{"x":{"endpoints":[{"path":"/e","methods":[{"name":"GET","limit":)"
        R"({"rate":20,"per":120}},{"name":"PUT","limit":{"rate":1,"per":1}},{"name":"POST",)"
        R"("limit":{"rate":3,"per":1}}]},{"path":"/f","methods":[{"name":"GET","limit":)"
        R"({"rate":4,"per":1}}]}]}},"apply_policies":["a","b"]})"}});
}

TEST(ApplyPolicies, SeparatesLimitsPerApi) {
  check(
      {{"own limits and the policy's",
        {R"({"id":"p","org_id":"o","rate":7,"per":1,"partitions":{"per_api":true},)"
         R"("access_rights":{"one":{"api_id":"one","limit":{"rate":3,"per":60,"quota_max":2}},)"
         R"("two":{"api_id":"two"}}})"},
        R"({"access_rights":{"one":{"limit":{"rate":1,"quota_renews":9},)"
        R"("disable_introspection":true}},"apply_policies":["p"]})",
        "",
        R"({"access_rights":{"one":{"api_id":"one","limit":{"rate":3,"per":60,"quota_max":2,)"
        R"("quota_renews":9},"disable_introspection":true,"allowance_scope":"one"},"two":)"
        R"({"api_id":"two","limit":{"rate":7,"per":1},"allowance_scope":"p"}},"apply_policies":["p"]})"},
       {"two of them on one API",
        {R"({"id":"p","org_id":"o","rate":10,"per":1,"quota_max":-1,"quota_renewal_rate":60,)"
         R"("partitions":{"per_api":true},"access_rights":{"x":{"versions":["a"]}}})",
         R"({"id":"q","org_id":"o","rate":5,"per":1,"quota_max":50,"quota_renewal_rate":30,)"
         R"("partitions":{"per_api":true},"access_rights":{"x":{"versions":["b"]}}})"},
        R"({"apply_policies":["p","q"]})",
        "",
        R"({"rate":10,"per":1,"quota_max":-1,"access_rights":{"x":{"versions":["b"],"limit":)"
        R"({"rate":10,"per":1,"quota_max":-1},"allowance_scope":"p"}},"apply_policies":["p","q"]})"}});
}

TEST(ApplyPolicies, SetsFlagsFromPolicies) {
  check(
      {{"inactive when one is",
        {R"({"id":"a","org_id":"o","is_inactive":true,"access_rights":{"x":{}}})",
         R"({"id":"b","org_id":"o","hmac_enabled":true,"enable_http_signature_validation":true,)"
         R"("post_expiry_action":"retain","post_expiry_grace_period":9,"access_rights":{"x":{}}})"},
        R"({"apply_policies":["a","b"],"post_expiry_action":"delete"})",
        "",
        R"({"access_rights":{"x":{}},"hmac_enabled":true,"enable_http_signature_validation":true,)"
        R"("is_inactive":true,"apply_policies":["a","b"],"post_expiry_action":"retain",)"
        R"("post_expiry_grace_period":9})"},
       {"active when none is",
        {kWhole},
        R"({"is_inactive":true,"apply_policy_id":"whole","post_expiry_action":"delete"})",
        "",
        R"({"access_rights":{"a":{"versions":["v"]}},"apply_policy_id":"whole",)"
        R"("post_expiry_action":"delete"})"},
       {"its own flag without policies",
        {},
        R"({"is_inactive":true})",
        "",
        R"({"is_inactive":true})"}});
}

TEST(ApplyPolicies, PrefersPoliciesInsideTheSession) {
  check(
      {{"a list",
        {kWhole},
        R"({"apply_policies":["missing"],"meta_data":{"policies":[{"id":"i","org_id":"o","rate":4,)"
        R"("per":2,"access_rights":{"z":{}}}]}})",
        "",
        nullptr},
       {"something else is metadata",
        {kWhole},
        R"({"apply_policies":["whole"],"meta_data":{"policies":"gold"}})",
        "",
        R"({"access_rights":{"a":{"versions":["v"]}},"apply_policies":["whole"],)"
        R"("meta_data":{"policies":"gold"}})"}});
  auto session = SessionData::parse(
      R"({"meta_data":{"policies":[{"id":"i","org_id":"o","rate":4,"per":2,"access_rights":{"z":{}}}]}})");
  ASSERT_TRUE(applyPolicies(*session, PolicySet(), "o"));
  EXPECT_EQ(session->limitFor("z").rate.rate, 4);
  EXPECT_EQ(session->access_rights.size(), 1U);
}

TEST(ApplyPolicies, TakesPoliciesOfAnyOrganisationWhenNoneIsGiven) {
  auto session = SessionData::parse(R"({"apply_policies":["whole"]})");
  EXPECT_TRUE(applyPolicies(*session, setOf({kWhole}), std::nullopt));
  EXPECT_FALSE(applyPolicies(*session, setOf({kWhole}), ""));
}

}  // namespace
}  // namespace tykpp::session
