#include "definition/listen_path.hpp"

#include <gtest/gtest.h>

namespace tykpp::definition {
namespace {

TEST(ListenPath, IsNormalisedWithItsTrailingSlashKept) {
  EXPECT_EQ(normaliseListenPath("a"), "/a");
  EXPECT_EQ(normaliseListenPath("a/"), "/a/");
  EXPECT_EQ(normaliseListenPath("//a//./b/../c/"), "/a/c/");
  EXPECT_EQ(normaliseListenPath("/../.."), "/");
  EXPECT_EQ(normaliseListenPath("/"), "/");
  EXPECT_EQ(normaliseListenPath(""), "");
}

TEST(ListenPath, MayHoldVariablesAndExpressions) {
  for (const char* path :
       {"/a/", "/users/{id}/files/", "/{tenant:[a-z]+}-api/", "/{x:a{2,3}}/", "/{x:(?:a|b)}/"}) {
    EXPECT_TRUE(checkListenPath(path)) << path;
  }
}

TEST(ListenPath, RefusesWhatNoRouterCanServe) {
  const struct {
    const char* path;
    const char* reason;
  } kCases[] = {{"", "Listen path is empty"},
                {"/with space/", "Listen path contains spaces"},
                {"/a\nb", "control character"},
                {"/{id", "unbalanced braces"},
                {"/id}", "unbalanced braces"},
                {"/{}/", "no name"},
                {"/{:a}/", "no name"},
                {"/{id:}/", "pattern is empty"},
                {"/{id:(a|b)}/", "capture group"},
                {"/{id:[}/", "RE2"},
                {"/{id:a**}/", "RE2"}};
  for (const auto& test : kCases) {
    const auto checked = checkListenPath(test.path);
    ASSERT_FALSE(checked) << test.path;
    EXPECT_NE(checked.error().message().find(test.reason), std::string::npos)
        << checked.error().message();
  }
}

TEST(Domain, IsAHostNameOrAPattern) {
  for (const char* domain :
       {"", "one.example.com", "one.example.com:8080", "{sub:[a-z]+}.rx.example.com", "{any}"}) {
    EXPECT_TRUE(checkDomain(domain)) << domain;
  }
  for (const char* domain : {"http://x", "a b", "{x", "x}", "{x:(a)}.h", "a/b", "a\n"}) {
    EXPECT_FALSE(checkDomain(domain)) << domain;
  }
}

}  // namespace
}  // namespace tykpp::definition
