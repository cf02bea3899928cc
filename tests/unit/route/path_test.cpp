#include <gtest/gtest.h>

#include <string>

#include "definition/api_spec.hpp"
#include "http/message.hpp"
#include "route/path_clean.hpp"
#include "route/upstream_path.hpp"

namespace tykpp::route {
namespace {

std::string redirectOf(std::string_view target) {
  BlockPool pool;
  Arena arena(pool);
  http::Request request(arena);
  if (!request.setTarget(target)) return "malformed";
  const auto location = cleanRedirect(request, arena);
  return location ? std::string(*location) : "clean";
}

TEST(PathClean, RedirectsToTheCleanedPath) {
  EXPECT_EQ(redirectOf("/p//a"), "/p/a");
  EXPECT_EQ(redirectOf("/p/a//b/"), "/p/a/b/");
  EXPECT_EQ(redirectOf("/p/a/../b"), "/p/b");
  EXPECT_EQ(redirectOf("/p/./a"), "/p/a");
  EXPECT_EQ(redirectOf("/p/..%2Fx"), "/x");
  EXPECT_EQ(redirectOf("/p/%2e%2e/x"), "/x");
  EXPECT_EQ(redirectOf("//"), "/");
  EXPECT_EQ(redirectOf("/../../a"), "/a");
  EXPECT_EQ(redirectOf("/a/.."), "/");
  EXPECT_EQ(redirectOf("/a/b/.."), "/a");
  EXPECT_EQ(redirectOf("/a/b/../"), "/a/");
  EXPECT_EQ(redirectOf("/a/."), "/a");
  EXPECT_EQ(redirectOf(""), "/");
}

TEST(PathClean, LeavesCleanPathsAlone) {
  for (const char* path :
       {"/", "/p/a", "/p/a/", "/p/..a", "/p/a..", "/p/.a/", "/p/a.", "/...", "*"}) {
    EXPECT_EQ(redirectOf(path), "clean") << path;
  }
}

TEST(PathClean, KeepsTheQueryAndEscapesThePathAnew) {
  EXPECT_EQ(redirectOf("/p//a?x=1&y=%20"), "/p/a?x=1&y=%20");
  EXPECT_EQ(redirectOf("/p//a?"), "/p/a?");
  EXPECT_EQ(redirectOf("/p//a%20b'c"), "/p/a%20b%27c");
  EXPECT_EQ(redirectOf("/p//%0d%0aSet-Cookie:x"), "/p/%0D%0ASet-Cookie:x");
  EXPECT_EQ(redirectOf("/p//caf%c3%a9"), "/p/caf%C3%A9");
  EXPECT_EQ(redirectOf("/p//%2F%2Fevil.example"), "/p/evil.example");
}

TEST(PathClean, NeverLeadsToAnotherHost) {
  for (const char* path :
       {"//evil.example", "/%2Fevil.example", "/.//evil.example", "/a/..//evil"}) {
    const std::string location = redirectOf(path);
    EXPECT_EQ(location.find("//"), std::string::npos) << location;
  }
}

struct Case {
  const char* target;  ///< the API's: path and query
  std::size_t stripped;
  const char* request;
  const char* upstream;
};

definition::TargetUrl targetUrl(const std::string& text) {
  definition::TargetUrl url;
  const std::size_t mark = text.find('?');
  url.raw_path = text.substr(0, mark);
  if (mark != std::string::npos) url.query = text.substr(mark + 1);
  BlockPool pool;
  Arena arena(pool);
  http::Request decoder(arena);
  EXPECT_TRUE(decoder.setTarget(url.raw_path));
  url.path = std::string(decoder.path);
  return url;
}

std::string upstreamOf(const Case& c, bool disable_strip_slash = false,
                       bool skip_escaping = false) {
  BlockPool pool;
  Arena arena(pool);
  http::Request request(arena);
  EXPECT_TRUE(request.setTarget(c.request)) << c.request;
  definition::ApiSpec api;
  api.disable_strip_slash = disable_strip_slash;
  return std::string(
      upstreamTarget(request, api, targetUrl(c.target), c.stripped, skip_escaping, arena));
}

TEST(UpstreamPath, KeepsOrEscapesThePathAsTheOriginalDoes) {
  const Case cases[] = {
      {"/", 3, "/p/a%20b/c%2Bd", "/a%20b/c%2Bd"},
      {"/", 3, "/p/%7Euser/a~b", "/%7Euser/a~b"},
      {"/", 3, "/p/a;v=1/b", "/a;v=1/b"},
      {"/", 3, "/p/caf%C3%A9", "/caf%C3%A9"},
      {"/", 3, "/p/a%2Fb", "/a%2Fb"},
      {"/", 3, "/p/a:b@c,d!e$f&g='h'(i)*j", "/a:b@c,d%21e$f&g=%27h%27%28i%29%2Aj"},
      {"/", 3, "/p/caf\xc3\xa9", "/caf%C3%A9"},
      {"/", 3, "/p/%20caf\xc3\xa9", "/%20caf%C3%A9"},
      {"/", 3, "/p/%21!", "/%21!"},
      {"/", 3, "/p/a\"b#c", "/a%22b%23c"},
  };
  for (const Case& c : cases) EXPECT_EQ(upstreamOf(c), c.upstream) << c.request;
}

TEST(UpstreamPath, SendsThePathAsWrittenWhenEscapingIsSkipped) {
  const Case cases[] = {
      {"/", 3, "/p/a//b", "/a//b"},
      {"/", 3, "/p/a/../b", "/a/../b"},
      {"/", 3, "/p/a%2Fb", "/a%2Fb"},
      {"/", 3, "/p/a%20b/%7Ex", "/a%20b/%7Ex"},
      {"/base/", 3, "/o/a//b/", "/base/a//b/"},
      {"/base/", 3, "/o/x/./y", "/base/x/./y"},
      {"/base/", 3, "/o/%2e%2e/y", "/base/%2e%2e/y"},
      {"/", 3, "/p/'a'!", "/'a'!"},
  };
  for (const Case& c : cases) EXPECT_EQ(upstreamOf(c, false, true), c.upstream) << c.request;
}

TEST(UpstreamPath, JoinsTheTargetsPathWithTheRest) {
  const Case cases[] = {
      {"/base/", 0, "/keep/a/b", "/base/keep/a/b"},
      {"/base/", 0, "/keep/", "/base/keep/"},
      {"/base", 5, "/cut/a/b/", "/base/a/b/"},
      {"/base", 5, "/cut/", "/base"},
      {"/base/", 5, "/cut/", "/base"},
      {"", 6, "/ocut/a", "/a"},
      {"", 6, "/ocut/", "/"},
      {"/bare/", 5, "/bare", "/bare"},
      {"/bare/", 5, "/bare/x", "/bare/x"},
      {"/bare/", 5, "/barely", "/bare/ly"},
      {"/base", 0, "/x//y", "/base/x//y"},
      {"/files/", 16, "/users/42/files/a.txt", "/files/a.txt"},
      {"/", 100, "/short", "/"},
  };
  for (const Case& c : cases) EXPECT_EQ(upstreamOf(c), c.upstream) << c.target << " " << c.request;
}

TEST(UpstreamPath, KeepsTheTargetsSlashWhenStrippingItIsDisabled) {
  EXPECT_EQ(upstreamOf({"/base/", 10, "/cutslash/a/b/", ""}, true), "/base/a/b/");
  EXPECT_EQ(upstreamOf({"/base/", 10, "/cutslash/", ""}, true), "/base/");
  EXPECT_EQ(upstreamOf({"/base/", 9, "/cutslash/", ""}, true), "/base/");
  EXPECT_EQ(upstreamOf({"", 9, "/cutslash", ""}, true), "/");
}

TEST(UpstreamPath, CountsEscapesInsideTheListenPathOnce) {
  EXPECT_EQ(upstreamOf({"/", 3, "/%70/a%2Fb", ""}), "/a%2Fb");
  EXPECT_EQ(upstreamOf({"/", 6, "/caf\xc3\xa9", ""}), "/");
  EXPECT_EQ(upstreamOf({"/", 7, "/caf%C3%A9/x", ""}), "/x");
}

TEST(UpstreamPath, EscapesATargetsPathThatNeedsIt) {
  EXPECT_EQ(upstreamOf({"/a%20b/", 3, "/p/x", ""}), "/a%20b/x");
  EXPECT_EQ(upstreamOf({"/a b/", 3, "/p/x", ""}), "/a%20b/x");
  EXPECT_EQ(upstreamOf({"/a%2Fb", 3, "/p/x", ""}), "/a%2Fb/x");
}

TEST(UpstreamPath, MergesQueries) {
  const Case cases[] = {
      {"/base?fixed=1&x=a", 4, "/tq/a", "/base/a?fixed=1&x=a"},
      {"/base?fixed=1&x=a", 4, "/tq/a?x=b&y=2", "/base/a?fixed=1&x=a&x=b&y=2"},
      {"/base/?fixed=1", 5, "/otq/", "/base?fixed=1"},
      {"/base?fixed=1", 4, "/tq/a?", "/base/a?fixed=1"},
      {"/", 3, "/q/a?", "/a?"},
      {"/", 3, "/q/a?x", "/a?x"},
      {"/", 3, "/q/a?x=&=y&&z", "/a?x=&=y&&z"},
      {"/", 3, "/q/a?x=a+b%20c%2Bd", "/a?x=a+b%20c%2Bd"},
      {"/", 3, "/q/a?x=a;y=b", "/a?x=a;y=b"},
      {"/", 3, "/q/a?x=%zz", "/a?x=%zz"},
      {"/", 3, "/q/a?x=1?y=2", "/a?x=1?y=2"},
      {"/", 4, "/oq/a?filter[name]=x&j={\"a\":1}", "/a?filter[name]=x&j={\"a\":1}"},
  };
  for (const Case& c : cases) EXPECT_EQ(upstreamOf(c), c.upstream) << c.request;
}

TEST(UpstreamPath, LetsNoByteThroughThatEndsTheRequestLine) {
  for (const bool skip : {false, true}) {
    const std::string sent =
        upstreamOf({"/b", 0, "/a b\r\nc?x=1 HTTP/1.1\r\nEvil: 1", ""}, false, skip);
    EXPECT_EQ(sent, "/b/a%20b%0D%0Ac?x=1%20HTTP/1.1%0D%0AEvil:%201");
  }
}

}  // namespace
}  // namespace tykpp::route
