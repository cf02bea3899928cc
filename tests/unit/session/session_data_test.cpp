#include "session/session_data.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace tykpp::session {
namespace {

SessionData parsed(const std::string& json) {
  auto session = SessionData::parse(json);
  EXPECT_TRUE(session) << json << session.error().where() << session.error().message();
  return session ? *session : SessionData{};
}

/// Stored forms as the original gateway writes them: they come back byte for byte.
TEST(SessionData, WritesBackWhatTheOriginalStored) {
  for (
      const char* text :
      {R"({})",
       R"({"rate":5,"per":60,"date_created":"2026-01-02T15:04:05.123456789Z","quota_max":100,)"
       R"("quota_renews":1767369845,"quota_remaining":100,"quota_renewal_rate":3600,)"
       R"("access_rights":{"a1":{"api_name":"httpbin","api_id":"a1","versions":["Default"]}},)"
       R"("org_id":"o1","last_updated":"1767366245"})",
       R"({"rate":20,"per":60,"date_created":"2026-11-20T10:11:12.5+01:00","quota_max":8,)"
       R"("quota_renews":1764000000,"quota_renewal_rate":3600,"access_rights":{"one":{"versions":)"
       R"(["Default"],"limit":{"rate":10,"per":60,"quota_max":5,"quota_remaining":4,)"
       R"("quota_renewal_rate":3600},"allowance_scope":"a"},"two":{"versions":["Default"],"limit":)"
       R"({"rate":20,"per":60,"quota_max":8,"quota_renews":1764000000,"quota_remaining":7,)"
       R"("quota_renewal_rate":3600},"allowance_scope":"b"}},"org_id":"default",)"
       R"("apply_policies":["a","b"],"meta_data":{"m":"b","own":"1","x":"1"},)"
       R"("tags":["ta","tb","own"],"last_updated":"1764000000"})"}) {
    EXPECT_EQ(parsed(text).json(), text);
  }
}

TEST(SessionData, WritesEveryMemberInTheOrderOfTheOriginal) {
  const std::string text =
      R"({"last_check":1,"allowance":2.5,"rate":0.1,"per":1,"throttle_interval":0.4,)"
      R"("throttle_retry_limit":5,"max_query_depth":-1,"date_created":"2026-01-02T15:04:05Z",)"
      R"("expires":-1,"quota_max":-1,"quota_renews":7,"quota_remaining":8,"quota_renewal_rate":9,)"
      R"("access_rights":{"a":{"api_name":"n","api_id":"a","versions":["v1","v2"],"allowed_urls":)"
      R"([{"url":"/x","methods":["GET"]},{"url":"/y","methods":null}],"restricted_types":[{"name":)"
      R"("T","fields":["f"]}],"allowed_types":[{"name":"U","fields":["g"]}],"limit":{"rate":3,)"
      R"("per":4,"smoothing":{"enabled":true,"threshold":5,"trigger":0.5,"step":6,"delay":7},)"
      R"("throttle_interval":1.5,"throttle_retry_limit":2,"max_query_depth":3,"quota_max":4,)"
      R"("quota_renews":5,"quota_remaining":6,"quota_renewal_rate":7},"field_access_rights":)"
      R"([{"type_name":"T","field_name":"f","limits":{"max_query_depth":2}}],)"
      R"("disable_introspection":true,"allowance_scope":"s","endpoints":[{"path":"/e","methods":)"
      R"([{"name":"GET","limit":{"rate":1,"per":2}},{"name":"POST","limit":{}}]}],)"
      R"("json_rpc_methods":[{"name":"tools/call","limit":{"rate":1,"per":1}}],)"
      R"("json_rpc_methods_access_rights":{"allowed":["a"],"blocked":["b"]},"mcp_primitives":)"
      R"([{"type":"tool","name":"t","limit":{"rate":1,"per":1}}],"mcp_access_rights":{"tools":)"
      R"({"allowed":["t"]},"resources":{"blocked":["r"]},"prompts":{"allowed":["p"]}}}},)"
      R"("org_id":"o","oauth_client_id":"c","oauth_keys":{"c":"k"},"certificate":"cert",)"
      R"("mtls_static_certificate_bindings":["x"],"basic_auth_data":{"password":"p","hash_type":)"
      R"("bcrypt"},"jwt_data":{"secret":"s"},"hmac_enabled":true,)"
      R"("enable_http_signature_validation":true,"hmac_string":"h","rsa_certificate_id":"r",)"
      R"("is_inactive":true,"apply_policy_id":"p1","apply_policies":["p2"],"data_expires":10,)"
      R"("monitor":{"trigger_limits":[80,99.5]},"enable_detail_recording":true,)"
      R"("enable_detailed_recording":true,"meta_data":{"k":"v"},"tags":["t"],"alias":"al",)"
      R"("last_updated":"11","id_extractor_deadline":12,"session_lifetime":13,)"
      R"("post_expiry_action":"retain","post_expiry_grace_period":14,)"
      R"("smoothing":{"enabled":false,"threshold":1,"trigger":2,"step":3,"delay":4}})";
  EXPECT_EQ(parsed(text).json(), text);
}

TEST(SessionData, LeavesOutWhatIsZero) {
  EXPECT_EQ(parsed(R"({"rate":0,"per":0.0,"expires":0,"alias":"","tags":[],"meta_data":{},)"
                   R"("is_inactive":false,"access_rights":{},"smoothing":null,"jwt_data":{},)"
                   R"("monitor":{"trigger_limits":[]},"basic_auth_data":{"password":""},)"
                   R"("date_created":"0001-01-01T00:00:00Z"})")
                .json(),
            "{}");
}

TEST(SessionData, TakesSmoothingAloneForNoLimit) {
  const SessionData session = parsed(
      R"({"rate":9,"per":1,"access_rights":{"a":{"limit":{"smoothing":{"enabled":true}}}}})");
  EXPECT_EQ(session.limitFor("a").rate.rate, 9);
  EXPECT_EQ(session.json(), R"({"rate":9,"per":1,"access_rights":{"a":{}}})");
}

TEST(SessionData, CarriesUnknownMembersAlong) {
  EXPECT_EQ(parsed(R"({"zeta":[1, {"b":2,"a":1}],"alias":"x","alpha":null,)"
                   R"("access_rights":{"a":{"future":true,"api_id":"a"}}})")
                .json(),
            R"({"access_rights":{"a":{"api_id":"a","future":true}},"alias":"x",)"
            R"("alpha":null,"zeta":[1,{"a":1,"b":2}]})");
}

TEST(SessionData, WritesNumbersAndTextLikeTheOriginal) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"rate":1e3})", R"({"rate":1000})"},
      {R"({"rate":100000000000000000000})", R"({"rate":100000000000000000000})"},
      {R"({"rate":1e21})", R"({"rate":1e+21})"},
      {R"({"rate":0.000001})", R"({"rate":0.000001})"},
      {R"({"rate":0.0000001})", R"({"rate":1e-7})"},
      {R"({"rate":1.5e-300})", R"({"rate":1.5e-300})"},
      {R"({"rate":0.3333333333333333})", R"({"rate":0.3333333333333333})"},
      {R"({"alias":"<a href='x'>&\u2028"})", R"({"alias":"\u003ca href='x'\u003e\u0026\u2028"})"},
      {R"({"alias":"\"\\\/\b\f\n\r\t\u0001é\u007f"})",
       "{\"alias\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\xC3\xA9\x7f\"}"},
      {R"({"meta_data":{"b":1.0,"a":{"y":[true,null],"x":"<"},"c":-3,"d":[],"e":{}}})",
       R"({"meta_data":{"a":{"x":"\u003c","y":[true,null]},"b":1,"c":-3,"d":[],"e":{}}})"}};
  for (const auto& [given, written] : cases) EXPECT_EQ(parsed(given).json(), written);
}

TEST(SessionData, NamesTheMemberOfAWrongType) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"rate":"many"})", "/rate"},
      {R"({"quota_max":1.5})", "/quota_max"},
      {R"({"quota_max":18446744073709551615})", "/quota_max"},
      {R"({"tags":[1]})", "/tags/0"},
      {R"({"date_created":""})", "/date_created"},
      {R"({"date_created":5})", "/date_created"},
      {R"({"access_rights":[]})", "/access_rights"},
      {R"({"access_rights":{"a/b":{"limit":{"rate":"x"}}}})", "/access_rights/a~1b/limit/rate"},
      {R"({"access_rights":{"a":{"allowed_urls":[{"url":"/"},{"methods":[7]}]}}})",
       "/access_rights/a/allowed_urls/1/methods/0"},
      {R"({"basic_auth_data":{"password":1}})", "/basic_auth_data/password"},
      {R"({"monitor":{"trigger_limits":["x"]}})", "/monitor/trigger_limits/0"},
      {R"({"smoothing":{"step":"x"}})", "/smoothing/step"},
      {R"({"apply_policies":"p"})", "/apply_policies"}};
  for (const auto& [text, where] : cases) {
    const auto session = SessionData::parse(text);
    ASSERT_FALSE(session) << text;
    EXPECT_EQ(session.error().code(), Errc::kBadRequest);
    EXPECT_EQ(session.error().where(), where);
  }
}

TEST(SessionData, RefusesWhatIsNoObject) {
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string(""), std::string(100'000, '[')}) {
    EXPECT_FALSE(SessionData::parse(text));
  }
}

TEST(SessionData, PrefersTheListOfPolicies) {
  EXPECT_EQ(parsed(R"({"apply_policy_id":"a","apply_policies":["b","c"]})").policyIds(),
            (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(parsed(R"({"apply_policy_id":"a"})").policyIds(), std::vector<std::string>{"a"});
  EXPECT_TRUE(parsed("{}").policyIds().empty());
}

TEST(SessionData, TakesTheLimitOfTheApiBeforeTheRoots) {
  const SessionData session = parsed(
      R"({"quota_max":9,"access_rights":{"a":{"limit":{"quota_max":3},"allowance_scope":"s"},"b":{}}})");
  EXPECT_EQ(session.limitFor("a").quota_max, 3);
  EXPECT_EQ(session.limitFor("b").quota_max, 9);
  EXPECT_EQ(session.limitFor("c").quota_max, 9);
  EXPECT_EQ(session.scopeFor("a"), "s");
  EXPECT_EQ(session.scopeFor("c"), "");
}

}  // namespace
}  // namespace tykpp::session
