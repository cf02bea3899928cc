#include "oauth/client.hpp"

#include <gtest/gtest.h>

namespace tykpp::oauth {
namespace {

TEST(Client, GoesThroughItsStoredForm) {
  Client client{"c", "s", "http://x", "pol", "d", R"({"b":[1],"a":"<"})"};
  EXPECT_EQ(client.json(),
            R"({"id":"c","secret":"s","redirecturi":"http://x","meta_data":{"b":[1],"a":"\u003c"},)"
            R"("policyid":"pol","description":"d"})");
  const auto read = Client::parse(client.json());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->meta_data, R"({"a":"<","b":[1]})");
  const auto meta = read->metaData();
  EXPECT_EQ(meta.at("a"), (session::MetaValue{"<", true}));
  EXPECT_EQ(meta.at("b"), (session::MetaValue{"[1]", false}));
}

TEST(Client, ReadsNamesInAnyCaseAndNothingOfAnotherType) {
  EXPECT_EQ(Client::parse(R"({"ID":"c","Secret":"s","meta_data":null})")->id, "c");
  for (const char* text : {"", "null", "[]", R"({"id":1})", R"({"id":"c")"}) {
    EXPECT_FALSE(Client::parse(text)) << text;
  }
  EXPECT_FALSE(Client::parse(std::string(100'000, '[')));
}

TEST(Grant, GoesThroughItsStoredForms) {
  Grant grant;
  grant.client = {"c", "s", "http://x", "", "", ""};
  grant.access_token = "t";
  grant.refresh_token = "r";
  grant.expires_in = 600;
  grant.scope = "a b";
  grant.created = *session::Timestamp::parse("2026-01-02T15:04:05.123456789Z");
  grant.user_data = R"({"rate":1})";
  EXPECT_EQ(Grant::parse(grant.accessJson()), grant);
  Grant code;
  code.client = grant.client;
  code.code = "k";
  code.state = "s";
  code.redirect_uri = "http://x";
  code.created = grant.created;
  EXPECT_EQ(Grant::parse(code.codeJson()), code);
  EXPECT_NE(code.codeJson().find(R"("UserData":null)"), std::string::npos);
}

TEST(Grant, ReadsNothingBroken) {
  for (const char* text : {"", "{}", R"({"Client":1})", R"({"Client":{},"CreatedAt":"now"})",
                           R"({"Client":{},"CreatedAt":"2026-01-02T15:04:05Z","UserData":1})"}) {
    EXPECT_FALSE(Grant::parse(text)) << text;
  }
}

TEST(Uuid, HasItsFormAndIsNew) {
  const std::string id = newUuid();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(id, newUuid());
}

}  // namespace
}  // namespace tykpp::oauth
