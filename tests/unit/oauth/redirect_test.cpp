#include "oauth/redirect.hpp"

#include <gtest/gtest.h>

namespace tykpp::oauth {
namespace {

TEST(Redirect, BelongsToARegisteredAddress) {
  EXPECT_TRUE(isRegistered("http://a/back", "http://a/back", ""));
  EXPECT_TRUE(isRegistered("http://a/back", "http://a/back/more?x=1", ""));
  EXPECT_TRUE(isRegistered("http://a", "http://a/anything", ""));
  EXPECT_TRUE(isRegistered("http://a/1,https://b/2", "https://b/2", ","));
  EXPECT_TRUE(isRegistered("HTTP://a/back", "http://a/back", ""));
  EXPECT_TRUE(isRegistered("app:/callback", "app:/callback", ""));
}

TEST(Redirect, RefusesWhatIsNot) {
  for (const char* address :
       {"", "http://b/back", "https://a/back", "http://a:81/back", "http://a/other", "//a/back",
        "http://a/back#part", "http://a/back/../up", "http://a/back/%2E%2e/up", "http://a\\@b/back",
        "http://u@a/back", "http://a/back\r\nX: y", "http://a /back", "javascript:alert(1)"}) {
    EXPECT_FALSE(isRegistered("http://a/back", address, "")) << address;
  }
  EXPECT_FALSE(isRegistered("", "http://a", ""));
  EXPECT_FALSE(isRegistered("http://a/#x", "http://a/", ""));
  EXPECT_FALSE(isRegistered("http://a/1,http://b/2", "http://b/2", ""));
}

TEST(Redirect, TheFirstOfSeveral) {
  EXPECT_EQ(firstOf("http://a,http://b", ","), "http://a");
  EXPECT_EQ(firstOf("http://a,http://b", ""), "http://a,http://b");
}

TEST(Redirect, AddsMembersToQueryOrFragment) {
  EXPECT_EQ(withMembers("http://a/b", {{"code", "x y"}, {"state", "&"}}, false),
            "http://a/b?code=x+y&state=%26");
  EXPECT_EQ(withMembers("http://a/b?z=1&code=old", {{"code", "new"}}, false),
            "http://a/b?code=new&z=1");
  EXPECT_EQ(withMembers("http://a/b?z=1", {{"access_token", "t"}}, true),
            "http://a/b?z=1#access_token=t");
}

}  // namespace
}  // namespace tykpp::oauth
