#include "http/headers.hpp"

#include <gtest/gtest.h>

#include "http/message.hpp"
#include "http/read_buffer.hpp"
#include "http/status.hpp"

namespace tykpp::http {
namespace {

class HeadersTest : public ::testing::Test {
 protected:
  BlockPool pool_;
  Arena arena_{pool_};
  Headers headers_{arena_};
};

TEST_F(HeadersTest, EveryWellKnownNameIsFoundByItsText) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    const auto id = static_cast<HeaderId>(i);
    EXPECT_EQ(internHeader(headerText(id)), id) << headerText(id);
  }
  EXPECT_EQ(internHeader("x-unknown"), HeaderId::kOther);
  EXPECT_EQ(internHeader(""), HeaderId::kOther);
}

TEST_F(HeadersTest, SetReplacesTheFirstAndRemovesTheOthers) {
  headers_.add("X-A", "1");
  headers_.add("X-B", "2");
  headers_.add("x-a", "3");
  headers_.set("X-A", "new");
  ASSERT_EQ(headers_.size(), 2U);
  EXPECT_EQ(headers_.begin()->value, "new");
  EXPECT_EQ(headers_.get("X-B"), "2");
}

TEST_F(HeadersTest, EraseTakesEveryFieldOfAName) {
  headers_.add("Cookie", "a");
  headers_.add("cookie", "b");
  EXPECT_EQ(headers_.erase(HeaderId::kCookie), 2U);
  EXPECT_EQ(headers_.erase(HeaderId::kCookie), 0U);
}

TEST_F(HeadersTest, NamesAndValuesAreChecked) {
  EXPECT_TRUE(HeaderName::parse("X-Ok_1~"));
  EXPECT_FALSE(HeaderName::parse("bad name"));
  EXPECT_FALSE(HeaderName::parse(""));
  EXPECT_TRUE(isFieldValue("caf\xc3\xa9\tx"));
  EXPECT_FALSE(isFieldValue("a\r\nb"));
}

TEST_F(HeadersTest, CanonicalFormCapitalisesEveryPart) {
  std::string name = "x-API-key";
  canonicalise(name.data(), name.size());
  EXPECT_EQ(name, "X-Api-Key");
  std::string odd = "not a token";
  canonicalise(odd.data(), odd.size());
  EXPECT_EQ(odd, "not a token");
}

TEST_F(HeadersTest, ARenderedHeadHasOneFraming) {
  Response response(arena_);
  response.status = 200;
  response.headers.add("Content-Length", "99");
  response.headers.add("Connection", "close");
  response.headers.add("X-A", "1");
  EXPECT_EQ(renderStatusLineAndHeaders(response, arena_, "Content-Length: 0\r\n"),
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n");
  response.reason = "Fine";
  response.status = 599;
  EXPECT_TRUE(
      renderStatusLineAndHeaders(response, arena_, {}).starts_with("HTTP/1.1 599 Fine\r\n"));
}

TEST_F(HeadersTest, ATargetIsSplitAndDecoded) {
  Request request(arena_);
  ASSERT_TRUE(request.setTarget("/a%2Fb%41?"));
  EXPECT_EQ(request.path, "/a/bA");
  EXPECT_TRUE(request.has_query);
  EXPECT_EQ(request.query, "");
  EXPECT_FALSE(request.setTarget("/%"));
  EXPECT_FALSE(request.setTarget("/%4"));
  EXPECT_EQ(request.path, "/a/bA") << "a bad target leaves the request as it was";
}

TEST_F(HeadersTest, AReadBufferGrowsToItsLimitAndGivesMemoryBack) {
  ReadBuffer buffer(pool_);
  const std::size_t limit = 40000;
  std::size_t total = 0;
  while (const std::size_t room = buffer.prepare(limit)) {
    std::memset(buffer.room(), 'x', room);
    buffer.commit(room);
    total += room;
  }
  EXPECT_EQ(total, limit);
  buffer.consume(limit - 3);
  EXPECT_EQ(buffer.view(), "xxx");
  buffer.consume(3);
  buffer.release();
  EXPECT_EQ(buffer.size(), 0U);
  buffer.assign("again");
  EXPECT_EQ(buffer.view(), "again");
}

}  // namespace
}  // namespace tykpp::http
