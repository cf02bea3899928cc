#include "definition/target_url.hpp"

#include <gtest/gtest.h>

namespace tykpp::definition {
namespace {

TEST(TargetUrl, SplitsAnAddressIntoItsParts) {
  const auto url = parseTargetUrl("http://Up.example:8081/base/%2Fx?a=1&b=2#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "up.example");
  EXPECT_EQ(url->port, 8081);
  EXPECT_EQ(url->host_header, "Up.example:8081");
  EXPECT_EQ(url->path, "/base//x");
  EXPECT_EQ(url->raw_path, "/base/%2Fx");
  EXPECT_EQ(url->query, "a=1&b=2");
  EXPECT_FALSE(url->tls());
}

TEST(TargetUrl, KnowsTheSchemesPorts) {
  EXPECT_EQ(parseTargetUrl("http://h")->port, 80);
  EXPECT_EQ(parseTargetUrl("https://h")->port, 443);
  EXPECT_EQ(parseTargetUrl("ws://h")->port, 80);
  EXPECT_EQ(parseTargetUrl("wss://h")->port, 443);
  EXPECT_EQ(parseTargetUrl("HTTPS://h")->scheme, "https");
  EXPECT_TRUE(parseTargetUrl("wss://h")->tls());
}

TEST(TargetUrl, AcceptsAddressesOfTheSixthVersion) {
  const auto url = parseTargetUrl("http://[::1]:9000/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 9000);
  EXPECT_EQ(url->host_header, "[::1]:9000");
}

TEST(TargetUrl, DropsUserDataAndAnEmptyPort) {
  const auto url = parseTargetUrl("http://user:pass@h:/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "h");
  EXPECT_EQ(url->host_header, "h");
  EXPECT_EQ(url->port, 80);
}

TEST(TargetUrl, EncodesWhatARequestLineCannotHold) {
  const auto url = parseTargetUrl("http://h/a b?c d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->raw_path, "/a%20b");
  EXPECT_EQ(url->path, "/a b");
  EXPECT_EQ(url->query, "c%20d");
}

TEST(TargetUrl, RefusesWhatCannotBeReached) {
  for (const char* text : {"",
                           "h",
                           "h:80/x",
                           "://h",
                           "http://",
                           "http:///x",
                           "http://h:0",
                           "http://h:65536",
                           "http://h:x",
                           "http://h:1:2",
                           "http://[::1",
                           "http://[::1]x",
                           "http://[g]/",
                           "ftp://h/",
                           "http://h/%zz",
                           "http://h/%1",
                           "http://a b/",
                           "http://h/\n",
                           "http://h\r\nX: y/",
                           "http://{id}.h/",
                           "env://TARGET"}) {
    const auto url = parseTargetUrl(text);
    EXPECT_FALSE(url) << text;
    if (!url) {
      EXPECT_NE(url.error().message().find("couldn't parse target URL"), std::string::npos);
    }
  }
}

TEST(TargetUrl, GivesListEntriesTheProtocolAsScheme) {
  EXPECT_EQ(parseListTarget(" h:81/x ", "")->text, "http://h:81/x");
  EXPECT_EQ(parseListTarget("h", "https")->scheme, "https");
  EXPECT_EQ(parseListTarget("ws://h", "https")->scheme, "ws");
}

}  // namespace
}  // namespace tykpp::definition
