#include "middleware/cached_answer.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "common/plugin_fixture.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;

class CachedAnswerTest : public ::testing::Test {
 protected:
  bool read(std::string_view value, std::string_view method = "GET") {
    on_.emplace();
    return decodeAnswer(value, method, kNow, on_->exchange.response());
  }
  bool readMessage(std::string_view message, std::string_view method = "GET") {
    return read(encodeBase64(message) + "|" + std::to_string(kNow + 5), method);
  }
  std::string body() const {
    const std::string* body = on_->exchange.response().body();
    return body != nullptr ? *body : "-";
  }
  std::optional<test::TestExchange> on_;
};

TEST_F(CachedAnswerTest, WritesWhatTheReferenceWrites) {
  test::TestExchange on;
  http::Response& response = on.exchange.response();
  response.status = 404;
  response.headers.add("X-Up", "2");
  response.headers.add("content-type", "text/plain");
  response.headers.add("Content-Length", "999");
  response.headers.add("Connection", "keep-alive");
  response.headers.add("Transfer-Encoding", "chunked");
  response.headers.add("Date", "d");
  response.headers.add("X-Up", "1");
  const std::string_view head = wireHead(response, on.exchange.arena());
  const std::string value = encodeAnswer(head, 4, "body", 1700000060);
  const std::size_t bar = value.find('|');
  EXPECT_EQ(value.substr(bar), "|1700000060");
  EXPECT_EQ(*decodeBase64(value.substr(0, bar)),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\ncontent-type: text/plain\r\n"
            "Date: d\r\nX-Up: 2\r\nX-Up: 1\r\n\r\nbody");
}

TEST_F(CachedAnswerTest, ComesBackAsItWas) {
  test::TestExchange on;
  http::Response& response = on.exchange.response();
  response.status = 299;
  response.reason = "Fine enough";
  response.headers.add("ETag", "\"v1\"");
  const std::string bytes("\0\r\n\r\n|\xff", 7);
  ASSERT_TRUE(
      read(encodeAnswer(wireHead(response, on.exchange.arena()), bytes.size(), bytes, kNow)));
  EXPECT_EQ(on_->exchange.response().status, 299);
  EXPECT_EQ(on_->exchange.response().reason, "Fine enough");
  EXPECT_EQ(on_->answered("Etag"), "\"v1\"");
  EXPECT_EQ(on_->answered("Content-Length"), "");
  EXPECT_EQ(body(), bytes);
}

TEST_F(CachedAnswerTest, ReadsEveryFraming) {
  ASSERT_TRUE(readMessage(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"));
  EXPECT_EQ(body(), "abcd");
  EXPECT_EQ(on_->answered("Transfer-Encoding"), "");
  ASSERT_TRUE(readMessage("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end"));
  EXPECT_EQ(body(), "to the end");
  EXPECT_EQ(on_->answered("Connection"), "");
  ASSERT_TRUE(readMessage("HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nx"));
  EXPECT_EQ(body(), "x");
  ASSERT_TRUE(readMessage("HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"));
  EXPECT_EQ(body(), "-");
}

TEST_F(CachedAnswerTest, KeepsTheLengthOfAnswersToHead) {
  ASSERT_TRUE(readMessage("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", "HEAD"));
  EXPECT_EQ(on_->answered("Content-Length"), "77");
  EXPECT_EQ(body(), "-");
}

TEST_F(CachedAnswerTest, EndsWithItsSecond) {
  const std::string message = encodeBase64("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(read(message + "|" + std::to_string(kNow)));
  EXPECT_FALSE(read(message + "|" + std::to_string(kNow - 1)));
  EXPECT_FALSE(read(message + "|-1"));
}

TEST_F(CachedAnswerTest, IsNothingWhenItIsDamaged) {
  const std::string good = encodeBase64("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  const std::string end = "|" + std::to_string(kNow + 5);
  ASSERT_TRUE(read(good + end));
  const std::string values[] = {"",
                                "|",
                                end,
                                good,
                                good + "|",
                                good + "|soon",
                                good + "|99999999999999999999",
                                good + end + end,
                                good + "|" + std::to_string(kNow + 5) + " ",
                                "!" + good + end,
                                good.substr(0, 13) + end,
                                "bm90aGluZw==" + end};
  for (const std::string& value : values) EXPECT_FALSE(read(value)) << value;
  // Cut anywhere, it is never taken for whole.
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read(good.substr(0, size) + end)) << size;
  }
  const char* messages[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nbody",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nbody",
      "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n"};
  for (const char* message : messages) EXPECT_FALSE(readMessage(message)) << message;
}

TEST_F(CachedAnswerTest, IsNothingWhenItIsNoWholeAnswer) {
  for (const int status : {100, 101, 206, 304}) {
    EXPECT_FALSE(
        readMessage("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n"))
        << status;
  }
}

}  // namespace
}  // namespace tykpp::middleware
