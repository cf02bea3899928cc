#include "session/policy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp::session {
namespace {

constexpr const char* kNothing =
    R"({"_id":"","id":"","name":"","org_id":"","rate":0,"per":0,"quota_max":0,)"
    R"("quota_renewal_rate":0,"throttle_interval":0,"throttle_retry_limit":0,"max_query_depth":0,)"
    R"("access_rights":null,"hmac_enabled":false,"enable_http_signature_validation":false,)"
    R"("active":false,"is_inactive":false,"tags":null,"key_expires_in":0,)"
    R"("post_expiry_grace_period":0,"partitions":{"quota":false,"rate_limit":false,)"
    R"("complexity":false,"acl":false,"per_api":false},"last_updated":"","meta_data":null,)"
    R"("graphql_access_rights":null,"smoothing":null})";

TEST(Policy, WritesEveryMember) { EXPECT_EQ(Policy{}.json(), kNothing); }

TEST(Policy, WritesBackWhatItReads) {
  const std::string text =
      R"({"_id":"5f0000000000000000000001","id":"gold","name":"Gold","org_id":"o","rate":10,)"
      R"("per":1,"quota_max":-1,"quota_renewal_rate":60,"throttle_interval":1.5,)"
      R"("throttle_retry_limit":2,"max_query_depth":3,"access_rights":{"a":{"api_name":"A",)"
      R"("api_id":"a","versions":["Default"],"limit":{"rate":5,"per":1}}},"hmac_enabled":true,)"
      R"("enable_http_signature_validation":true,"active":true,"is_inactive":true,"tags":["t"],)"
      R"("key_expires_in":100,"post_expiry_action":"delete","post_expiry_grace_period":-1,)"
      R"("partitions":{"quota":true,"rate_limit":true,"complexity":true,"acl":true,)"
      R"("per_api":true},"last_updated":"5","meta_data":{"k":[1]},"graphql_access_rights":{},)"
      R"("smoothing":{"enabled":true,"threshold":1,"trigger":2,"step":3,"delay":4}})";
  const auto policy = Policy::parse(text);
  ASSERT_TRUE(policy) << policy.error().where();
  EXPECT_EQ(policy->json(), text);
}

TEST(Policy, TellsEmptyFromNull) {
  const auto policy = Policy::parse(R"({"tags":[],"access_rights":{},"meta_data":{}})");
  ASSERT_TRUE(policy);
  const std::string text = policy->json();
  EXPECT_NE(text.find(R"("tags":[])"), std::string::npos);
  EXPECT_NE(text.find(R"("access_rights":{})"), std::string::npos);
  EXPECT_NE(text.find(R"("meta_data":{})"), std::string::npos);
}

TEST(Policy, IndentsFilesByTwo) {
  const auto policy = Policy::parse(
      R"({"id":"p","access_rights":{"a":{"versions":["v","w"]}},"tags":[],"meta_data":{"x":"a{\"b"}})");
  ASSERT_TRUE(policy);
  const std::string text = policy->fileText();
  EXPECT_EQ(text.substr(0, 27), "{\n  \"_id\": \"\",\n  \"id\": \"p\",");
  EXPECT_NE(
      text.find("  \"access_rights\": {\n    \"a\": {\n      \"versions\": [\n        \"v\",\n"
                "        \"w\"\n      ]\n    }\n  },\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("  \"tags\": [],\n"), std::string::npos);
  EXPECT_NE(text.find("    \"x\": \"a{\\\"b\"\n"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - 22), "\n  \"smoothing\": null\n}");
}

TEST(Policy, UsesTheDatabasesIdWhereItHasNone) {
  EXPECT_EQ(Policy::parse(R"({"_id":"d","id":"i"})")->effectiveId(), "i");
  EXPECT_EQ(Policy::parse(R"({"_id":"d"})")->effectiveId(), "d");
  EXPECT_EQ(Policy::parse("{}")->effectiveId(), "");
}

TEST(Policy, NamesTheMemberOfAWrongType) {
  const auto policy = Policy::parse(R"({"access_rights":{"a":{"versions":"v"}}})");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().where(), "/access_rights/a/versions");
  const auto list = Policy::parseList(R"([{},{"rate":"x"}])");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().where(), "/1/rate");
  EXPECT_FALSE(Policy::parseList("{}"));
}

TEST(Policy, KnowsIdsThatAreSafeInFileNames) {
  for (const char* id : {"a", "Az09._-~", "...", "5f0000000000000000000001"}) {
    EXPECT_TRUE(isSafePolicyId(id)) << id;
  }
  for (const char* id : {"", ".", "..", "a/b", "a b", "é", "a\\b", "a:b"}) {
    EXPECT_FALSE(isSafePolicyId(id)) << id;
  }
}

}  // namespace
}  // namespace tykpp::session
