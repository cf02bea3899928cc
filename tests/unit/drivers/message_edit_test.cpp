#include "drivers/message_edit.hpp"

#include <gtest/gtest.h>

namespace tykpp::drivers {
namespace {

class MessageEdit : public testing::Test {
 protected:
  MessageEdit() : exchange_(arena_, 0, 1) {
    exchange_.request().method = "GET";
    exchange_.request().setTarget("/a/b?x=1&y=2&x=3");
  }
  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_;
};

TEST_F(MessageEdit, LeavesAQueryThatDoesNotChangeAsItIsSpelled) {
  EXPECT_EQ(editedQuery("b=%7e&a=1&a", {}), "b=%7e&a=1&a");
  EXPECT_EQ(editedQuery("b=%7e&a=1", {{"none"}, {{"a", "1"}}, {}}), "b=%7e&a=1");
}

TEST_F(MessageEdit, SortsAndEncodesAQueryThatChanges) {
  EXPECT_EQ(editedQuery("y=2&x=1&x=3", {{"y"}, {{"b c", "&=+"}}, {{"x", "4"}}}),
            "b+c=%26%3D%2B&x=1&x=3&x=4");
  EXPECT_EQ(editedQuery("x=1&x=3", {{}, {{"x", "9"}}, {}}), "x=9");
  EXPECT_EQ(editedQuery("x=1", {{"x"}, {}, {}}), "");
}

TEST_F(MessageEdit, ComparesQueriesByWhatTheyMean) {
  EXPECT_TRUE(sameQuery("a=%31&b=2", "b=2&a=1"));
  EXPECT_FALSE(sameQuery("a=1&a=2", "a=2&a=1"));
}

TEST_F(MessageEdit, TakesPathAndQueryOfAUrl) {
  ASSERT_TRUE(setUrl(exchange_, "/c%20d?z=1"));
  EXPECT_EQ(exchange_.request().path, "/c d");
  EXPECT_EQ(exchange_.request().query, "z=1");
  ASSERT_TRUE(setUrl(exchange_, "http://elsewhere:81/e?f"));
  EXPECT_EQ(exchange_.request().target, "/e?f");
  ASSERT_TRUE(setUrl(exchange_, "http://elsewhere?f=1"));
  EXPECT_EQ(exchange_.request().target, "/?f=1");
  ASSERT_TRUE(setUrl(exchange_, "/with space#and \xc3\xa9"));
  EXPECT_EQ(exchange_.request().target, "/with%20space%23and%20%C3%A9");
}

TEST_F(MessageEdit, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "relative", "://x/", "/bad%zz", "/line\r\nbreak", "/nul\x01"}) {
    EXPECT_FALSE(setUrl(exchange_, url)) << url;
  }
  EXPECT_EQ(exchange_.request().target, "/a/b?x=1&y=2&x=3");
}

TEST_F(MessageEdit, NeverWritesTheFieldsOfTheFrame) {
  http::Headers& headers = exchange_.request().headers;
  headers.add(http::HeaderId::kContentLength, "5");
  EXPECT_TRUE(setHeader(headers, "content-length", "7", false));
  EXPECT_TRUE(setHeader(headers, "Transfer-Encoding", "chunked", true));
  deleteHeader(headers, "Content-Length");
  EXPECT_EQ(headers.get(http::HeaderId::kContentLength), "5");
  EXPECT_EQ(headers.size(), 1U);
}

TEST_F(MessageEdit, WritesNamesInCanonicalFormOrVerbatim) {
  http::Headers& headers = exchange_.request().headers;
  EXPECT_TRUE(setHeader(headers, "x-my-key", "1", false));
  EXPECT_EQ(headers.begin()->name, "X-My-Key");
  EXPECT_TRUE(addHeader(headers, "x-raw-NAME", "2", true));
  EXPECT_EQ((headers.begin() + 1)->name, "x-raw-NAME");
}

TEST_F(MessageEdit, LeavesWhiteSpaceAroundAValueOut) {
  http::Headers& headers = exchange_.request().headers;
  EXPECT_TRUE(setHeader(headers, "X-A", " \t a b \t", false));
  EXPECT_TRUE(addHeader(headers, "X-B", "  ", false));
  EXPECT_EQ(headers.get("X-A"), "a b");
  EXPECT_EQ(headers.get("X-B"), "");
}

TEST_F(MessageEdit, RefusesHeadersThatWouldBreakTheMessage) {
  http::Headers& headers = exchange_.request().headers;
  EXPECT_FALSE(setHeader(headers, "X-A", "1\r\nX-B: 2", false));
  EXPECT_FALSE(setHeader(headers, "X A", "1", false));
  EXPECT_FALSE(addHeader(headers, "", "1", false));
  EXPECT_EQ(headers.size(), 0U);
}

TEST_F(MessageEdit, AnswersWithAStatusThatEndsARequest) {
  EXPECT_EQ(answerRaw(exchange_, 204, {{"x-a", "1"}}, "", false), HookVerdict::kRespond);
  EXPECT_EQ(exchange_.response().status, 204);
  EXPECT_EQ(exchange_.response().headers.get("X-A"), "1");
  EXPECT_EQ(finalStatus(100), 500);
  EXPECT_EQ(finalStatus(99999), 500);
}

TEST_F(MessageEdit, KeepsARefusalsHeadersForTheErrorAnswer) {
  const Error error = refusal(exchange_, 429, {{"retry-after", "3"}}, "slow down", false);
  EXPECT_EQ(error.status(), 429);
  EXPECT_EQ(error.code(), Errc::kForbidden);
  EXPECT_EQ(exchange_.error_headers.get("Retry-After"), "3");
}

}  // namespace
}  // namespace tykpp::drivers
