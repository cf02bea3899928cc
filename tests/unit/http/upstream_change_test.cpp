#include "http/upstream_change.hpp"

#include <gtest/gtest.h>

namespace tykpp::http {
namespace {

class UpstreamChangeTest : public ::testing::Test {
 protected:
  BlockPool pool_;
  Arena arena_{pool_};
  UpstreamChange change_;
};

TEST_F(UpstreamChangeTest, TakesPathAndQuery) {
  ASSERT_TRUE(change_.setUrl("/a%20b?c=d#e", arena_));
  EXPECT_TRUE(change_.rewritten);
  EXPECT_EQ(change_.target, "/a%20b?c=d");
  EXPECT_EQ(change_.authority, "");
  EXPECT_EQ(change_.url(arena_), "/a%20b?c=d");
  EXPECT_TRUE(change_.setUrl("", arena_));
  EXPECT_TRUE(change_.setUrl("?a=%zz", arena_));
  EXPECT_TRUE(change_.setUrl("/a?u=http://h", arena_));
  EXPECT_EQ(change_.authority, "");
}

TEST_F(UpstreamChangeTest, TakesAbsoluteUrls) {
  ASSERT_TRUE(change_.setUrl("HTTPS://h:81?a=b", arena_));
  EXPECT_EQ(change_.scheme, "https");
  EXPECT_EQ(change_.authority, "h:81");
  EXPECT_EQ(change_.target, "/?a=b");
  EXPECT_EQ(change_.url(arena_), "https://h:81/?a=b");
  ASSERT_TRUE(change_.setUrl("/x", arena_));
  EXPECT_EQ(change_.authority, "");
}

TEST_F(UpstreamChangeTest, ChangesNothingForWhatIsNoUrl) {
  for (const char* text :
       {"/%zz", "/%2", "http://", "http:///a", "ftp://h/a", "/a\nb", "http://h/%"}) {
    EXPECT_FALSE(change_.setUrl(text, arena_)) << text;
  }
  EXPECT_FALSE(change_.rewritten);
}

}  // namespace
}  // namespace tykpp::http
