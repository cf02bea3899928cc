#include "oauth/call.hpp"

#include <gtest/gtest.h>

#include "oauth/server.hpp"

namespace tykpp::oauth {
namespace {

Call post(std::string type, std::string body, std::string query = "") {
  Call call;
  call.method = "POST";
  call.content_type = std::move(type);
  call.body = std::move(body);
  call.query = std::move(query);
  return call;
}

TEST(Form, ReadsTheBodyBeforeTheQuery) {
  const Form form(
      post("application/x-www-form-urlencoded; charset=utf-8", "a=1&a=2&b=%41+B", "a=3&c=4"));
  EXPECT_EQ(form.get("a"), "1");
  EXPECT_EQ(form.get("b"), "A B");
  EXPECT_EQ(form.get("c"), "4");
  EXPECT_EQ(form.get("d"), "");
  EXPECT_FALSE(form.malformed());
}

TEST(Form, ReadsObjectsOfTexts) {
  const Form form(post("application/json", R"({"a":"1","b":2})"));
  EXPECT_EQ(form.get("a"), "1");
  EXPECT_EQ(form.get("b"), "");
  for (const std::string& body : {std::string("{"), std::string("[]"), std::string(5000, '[')}) {
    EXPECT_EQ(Form(post("application/json", body)).get("a"), "");
  }
}

TEST(Form, OtherTypesHaveNoForm) {
  EXPECT_EQ(Form(post("text/plain", "a=1")).get("a"), "");
  EXPECT_EQ(Form(post("application/json; charset=utf-8", R"({"a":"1"})")).get("a"), "");
}

TEST(Form, TellsOfBrokenEscapes) {
  const auto broken = [](const char* body) {
    return Form(post("application/x-www-form-urlencoded", body)).malformed();
  };
  EXPECT_TRUE(broken("a=%"));
  EXPECT_TRUE(broken("a=%4"));
  EXPECT_TRUE(broken("a=%zz"));
  EXPECT_FALSE(broken("a=%41"));
}

TEST(Basic, ReadsNameAndPassword) {
  std::string name;
  std::string password;
  EXPECT_TRUE(readBasic("Basic YTpiOmM=", name, password));
  EXPECT_EQ(name, "a");
  EXPECT_EQ(password, "b:c");
  for (const char* header : {"", "Basic", "Basic !", "Basic YQ==", "Bearer YTpi"}) {
    EXPECT_FALSE(readBasic(header, name, password)) << header;
  }
}

TEST(Answers, AreWrittenAsTheOriginalDoes) {
  EXPECT_EQ(statusAnswer(403, "a<b").body, "{\"status\":\"error\",\"message\":\"a\\u003cb\"}\n");
  EXPECT_EQ(errorAnswer(403, "access_denied", {{"state", "s"}}).body,
            "{\"error\":\"access_denied\",\"error_description\":\"The resource owner or "
            "authorization server denied the request.\",\"state\":\"s\"}\n");
  EXPECT_EQ(jsonObject({{"a", "<"}, {"expires_in", "5"}}, false), R"({"a":"<","expires_in":5})");
}

TEST(Endpoint, IsFoundByItsPath) {
  EXPECT_EQ(endpointOf("oauth/token"), Endpoint::kToken);
  EXPECT_EQ(endpointOf("/oauth/token/"), Endpoint::kToken);
  EXPECT_EQ(endpointOf("oauth/authorize/"), Endpoint::kAuthorize);
  EXPECT_EQ(endpointOf("tyk/oauth/authorize-client"), Endpoint::kAuthorizeClient);
  EXPECT_EQ(endpointOf("oauth/revoke"), Endpoint::kRevoke);
  EXPECT_EQ(endpointOf("oauth/revoke_all"), Endpoint::kRevokeAll);
  for (const char* path : {"", "/", "oauth", "oauth/revoke/", "oauth/token/x", "OAUTH/token"}) {
    EXPECT_EQ(endpointOf(path), Endpoint::kNone) << path;
  }
}

}  // namespace
}  // namespace tykpp::oauth
