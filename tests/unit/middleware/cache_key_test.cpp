#include "middleware/cache_key.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "common/plugin_fixture.hpp"
#include "session/key_hash.hpp"

namespace tykpp::middleware {
namespace {

class CacheKeyTest : public ::testing::Test {
 protected:
  void request(std::string_view method, std::string_view target) {
    on_.emplace(method, target);
    on_->api.api_id = "api";
  }
  void header(std::string_view name, std::string_view value) {
    on_->exchange.request().headers.set(name, value);
  }
  void body(std::string text) { on_->exchange.request().setBody(std::move(text)); }
  std::string key(std::string_view client = "me") {
    return answerKey(on_->exchange, client, {headers_, pattern_.get()});
  }
  static std::string expected(std::string_view text, std::string_view client = "me") {
    return "cache-apiapi" + std::string(client) + md5Hex(text);
  }
  static std::string hash(std::string_view text) {
    return session::hashText(text, session::HashAlgorithm::kMurmur128);
  }
  std::optional<test::TestExchange> on_;
  std::vector<std::string> headers_;
  std::shared_ptr<const definition::BodyPattern> pattern_;
};

TEST_F(CacheKeyTest, IsMadeAsInTheReference) {
  request("GET", "/c/a?x=1&y=");
  EXPECT_EQ(key(), expected("GET-/c/a?x=1&y="));
  EXPECT_EQ(key("10.0.0.1"), expected("GET-/c/a?x=1&y=", "10.0.0.1"));
  headers_ = {"X-A", "X-B"};
  header("x-b", "2");
  EXPECT_EQ(key(), expected("GET-/c/a?x=1&y=-X-A-X-B-2"));
  header("X-A", "1");
  EXPECT_EQ(key(), expected("GET-/c/a?x=1&y=-X-A-1X-B-2"));
}

TEST_F(CacheKeyTest, HoldsTheBodyOfMethodsThatHaveOne) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    request(method, "/c/a");
    const std::string begin = std::string(method) + "-/c/a-";
    EXPECT_EQ(key(), expected(begin + hash("")));
    body("text");
    EXPECT_EQ(key(), expected(begin + hash("text")));
  }
  request("DELETE", "/c/a");
  body("text");
  EXPECT_EQ(key(), expected("DELETE-/c/a"));
}

TEST_F(CacheKeyTest, HoldsTheMatchOfAPattern) {
  pattern_ = definition::BodyPattern::compile("id=(\\d+)").value();
  request("POST", "/c/a");
  body("x&id=5&y");
  EXPECT_EQ(key(), expected("POST-/c/a-" + hash("id=5")));
  body("nothing");
  EXPECT_EQ(key(), expected("POST-/c/a"));
}

TEST_F(CacheKeyTest, WritesUrlsAsTheReferenceDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"/a%20b", "/a%20b"},     {"/a%2Fb", "/a%2Fb"},       {"/(a)!*'", "/(a)!*'"},
      {"/a?", "/a?"},           {"/a?q=<>", "/a?q=<>"},     {"/\"a\"%2f", "/%22a%22/"},
      {"/\xc3\xa4", "/%C3%A4"}, {"/a[1];b=c", "/a[1];b=c"},
  };
  for (const auto& [target, url] : cases) {
    request("GET", target);
    EXPECT_EQ(requestUrl(on_->exchange.request()), url) << target;
  }
}

TEST_F(CacheKeyTest, TellsClientsAndApisApart) {
  request("GET", "/c/a");
  const std::string mine = key("me");
  EXPECT_NE(mine, key("you"));
  on_->api.api_id = "other";
  EXPECT_NE(mine, key("me"));
  EXPECT_TRUE(key("me").starts_with(answerKeyPrefix("other")));
}

TEST_F(CacheKeyTest, IsEmptyForARequestThatReadsLikeAnother) {
  headers_ = {"X-Tenant", "X-Role"};
  request("GET", "/c/a");
  header("X-Tenant", "oneX-Role-admin");
  EXPECT_EQ(key(), "") << "as of tenant one, admin";
  request("GET", "/c/a-X-Tenant-one");
  EXPECT_EQ(key(), "") << "as /c/a of a tenant that begins with one";
  request("GET", "/c/a?x=-X-Tenant-one");
  EXPECT_EQ(key(), "");
  headers_ = {"X-Tenant"};
  request("GET", "/c/a");
  header("X-Tenant", "one-X-Tenant-two");
  EXPECT_NE(key(), "") << "nothing follows that it could be taken for";
}

TEST_F(CacheKeyTest, IsEmptyForATextThatEndsLikeAHash) {
  pattern_ = definition::BodyPattern::compile("id=\\d+").value();
  request("POST", "/c/a-0123456789abcdef0123456789abcdef");
  EXPECT_EQ(key(), "");
  body("id=7");
  EXPECT_NE(key(), "");
  request("POST", "/c/a-0123456789ABCDEF0123456789abcdef");
  EXPECT_NE(key(), "");
}

TEST_F(CacheKeyTest, FindsAMarkThatOverlapsWithAValue) {
  headers_ = {"Z", "a-a"};
  request("GET", "/c");
  header("Z", "a-");
  EXPECT_EQ(key(), "");
  header("Z", "b");
  EXPECT_NE(key(), "");
}

}  // namespace
}  // namespace tykpp::middleware
