#include "http/head_parser.hpp"

#include <gtest/gtest.h>

#include "http/hop_by_hop.hpp"

namespace tykpp::http {
namespace {

class HeadParserTest : public ::testing::Test {
 protected:
  Result<void> parse(const std::string& head) {
    text_ = head;
    request_ = std::make_unique<Request>(arena_);
    return parseRequestHead(text_, *request_);
  }
  Result<ResponseFraming> parseAnswer(const std::string& head, std::string_view method = "GET") {
    text_ = head;
    response_ = std::make_unique<Response>(arena_);
    return parseResponseHead(text_, method, *response_);
  }
  BlockPool pool_;
  Arena arena_{pool_};
  std::string text_;
  std::unique_ptr<Request> request_;
  std::unique_ptr<Response> response_;
};

TEST_F(HeadParserTest, ReadsAnOrdinaryRequest) {
  ASSERT_TRUE(parse("GET /a%20b?x=1 HTTP/1.1\r\nHost: h:80\r\nX-One: 1\r\nx-one:  2 \r\n\r\n"));
  EXPECT_EQ(request_->method, "GET");
  EXPECT_EQ(request_->raw_path, "/a%20b");
  EXPECT_EQ(request_->path, "/a b");
  EXPECT_EQ(request_->query, "x=1");
  EXPECT_EQ(request_->host, "h:80");
  EXPECT_TRUE(request_->keep_alive);
  EXPECT_EQ(request_->framing, BodyFraming::kNone);
  EXPECT_EQ(request_->headers.size(), 3U);
  EXPECT_EQ(request_->headers.get("X-ONE"), "1");
}

TEST_F(HeadParserTest, KnowsTheBodysLength) {
  ASSERT_TRUE(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n"));
  EXPECT_EQ(request_->framing, BodyFraming::kLength);
  EXPECT_EQ(request_->content_length, 12U);
  ASSERT_TRUE(parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"));
  EXPECT_EQ(request_->framing, BodyFraming::kChunked);
  ASSERT_TRUE(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(request_->framing, BodyFraming::kNone);
}

TEST_F(HeadParserTest, DecidesAboutTheConnection) {
  ASSERT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(request_->keep_alive);
  ASSERT_TRUE(parse("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_FALSE(request_->keep_alive);
  ASSERT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_TRUE(request_->keep_alive);
}

TEST_F(HeadParserTest, TakesAnAbsoluteTargetApart) {
  ASSERT_TRUE(parse("GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(request_->path, "/x");
  EXPECT_EQ(request_->query, "y");
  ASSERT_TRUE(parse("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(request_->path, "/");
  ASSERT_TRUE(parse("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(request_->path, "/");
  EXPECT_EQ(request_->query, "q");
}

TEST_F(HeadParserTest, RefusesWhatCouldBeReadInTwoWays) {
  const std::string line = "GET / HTTP/1.1\r\n";
  const std::string host = "Host: h\r\n";
  const std::string bad[] = {
      line + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
      line + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
      line + host + "Content-Length: 1, 1\r\n\r\n",
      line + host + "Content-Length: +1\r\n\r\n",
      line + host + "Content-Length: -1\r\n\r\n",
      line + host + "Content-Length: 0x1\r\n\r\n",
      line + host + "Content-Length: 1 1\r\n\r\n",
      line + host + "Content-Length: \r\n\r\n",
      line + host + "Content-Length: 99999999999999999999\r\n\r\n",
      line + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      line + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
      line + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      line + host + "Transfer-Encoding: chunked, chunked\r\n\r\n",
      line + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      line + host + "Transfer-Encoding: identity\r\n\r\n",
      line + host + "Transfer-Encoding: xchunked\r\n\r\n",
      line + host +
          "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n",
      line + host + "Transfer-Encoding : chunked\r\n\r\n",
      line + host + "X: a\r\n b\r\n\r\n",
      line + host + "X: \r\n \r\n\r\n",
      line + host + "X:\r\n a\r\n\r\n",
      line + host + "Content-Length:\r\n\t5\r\n\r\n",
      line + host + " X: a\r\n\r\n",
      line + host + "X a\r\n\r\n",
      line + host + ": a\r\n\r\n",
      line + host + "X: a\rb\r\n\r\n",
      line + host + "X: a\nY: b\r\n\r\n",
      line + host + std::string("X: a\0b\r\n\r\n", 10),
      line + host + "Host: other\r\n\r\n",
      line + "\r\n",
      line + "Host: a b\r\n\r\n",
      line + "Host: a@b\r\n\r\n",
      "GET http://other/ HTTP/1.1\r\n" + host + "\r\n",
      "GET / HTTP/1.2\r\n" + host + "\r\n",
      "GET / HTTP/2.0\r\n" + host + "\r\n",
      "GET / http/1.1\r\n" + host + "\r\n",
      "GET  / HTTP/1.1\r\n" + host + "\r\n",
      "GET / HTTP/1.1 \r\n" + host + "\r\n",
      "GET\t/ HTTP/1.1\r\n" + host + "\r\n",
      "G(T / HTTP/1.1\r\n" + host + "\r\n",
      "GET x HTTP/1.1\r\n" + host + "\r\n",
      "GET * HTTP/1.1\r\n" + host + "\r\n",
      "GET /%zz HTTP/1.1\r\n" + host + "\r\n",
      "GET /%4 HTTP/1.1\r\n" + host + "\r\n",
      "GET /%00 HTTP/1.1\r\n" + host + "\r\n",
      "GET /#x HTTP/1.1\r\n" + host + "\r\n",
      "CONNECT h:1 HTTP/1.1\r\n" + host + "\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const std::string& head : bad) {
    const auto parsed = parse(head);
    ASSERT_FALSE(parsed) << head;
    EXPECT_EQ(parsed.error().status(), 400) << head;
  }
}

TEST_F(HeadParserTest, FindsTheEndOfAHead) {
  EXPECT_EQ(scanHead("GET / HTTP/1.1\r\n\r\nrest", 0).end, 18U);
  EXPECT_EQ(scanHead("GET / HTTP/1.1\r\n\r", 0).end, 0U);
  EXPECT_EQ(scanHead("GET / HTTP/1.1\r\n\r\n", 17).end, 18U) << "the end may straddle two reads";
  EXPECT_TRUE(scanHead("GET / HTTP/1.1\n", 0).bad) << "no use waiting for more";
  EXPECT_FALSE(scanHead("GET / HTTP/1.1\r", 0).bad);
}

TEST_F(HeadParserTest, ReadsAnAnswersFraming) {
  auto framing = parseAnswer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->body, BodyFraming::kLength);
  EXPECT_TRUE(framing->keep_alive);
  EXPECT_EQ(response_->reason, "OK");
  framing = parseAnswer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD");
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->body, BodyFraming::kNone);
  EXPECT_EQ(framing->length, 5U);
  framing = parseAnswer("HTTP/1.0 200 OK\r\n\r\n");
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->body, BodyFraming::kUntilClose);
  EXPECT_FALSE(framing->keep_alive);
  framing = parseAnswer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->body, BodyFraming::kNone);
  framing =
      parseAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->body, BodyFraming::kChunked);
  EXPECT_FALSE(framing->keep_alive);
}

TEST_F(HeadParserTest, RefusesAnswersThatCouldBeReadInTwoWays) {
  const std::string line = "HTTP/1.1 200 OK\r\n";
  for (const std::string& head :
       {line + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        line + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        line + "Transfer-Encoding: gzip\r\n\r\n", std::string("HTTP/1.1 20 OK\r\n\r\n"),
        std::string("HTTP/2 200 OK\r\n\r\n"),
        std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("ICY 200 OK\r\n\r\n"), line + "X: a\r\n b\r\n\r\n"}) {
    EXPECT_FALSE(parseAnswer(head)) << head;
  }
}

TEST_F(HeadParserTest, TakesHopByHopFieldsOff) {
  ASSERT_TRUE(
      parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Private, Host, keep-alive\r\nX-Private: "
            "1\r\nTE: trailers\r\n"
            "Keep-Alive: 5\r\nUpgrade: x\r\nProxy-Authorization: y\r\nX-Public: 2\r\n\r\n"));
  removeHopByHop(request_->headers);
  EXPECT_EQ(request_->headers.size(), 3U);
  EXPECT_TRUE(request_->headers.contains("Host"));
  EXPECT_EQ(request_->headers.get("TE"), "trailers");
  EXPECT_EQ(request_->headers.get("X-Public"), "2");
  ASSERT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\nTE: gzip\r\n\r\n"));
  removeHopByHop(request_->headers);
  EXPECT_FALSE(request_->headers.contains("TE"));
}

}  // namespace
}  // namespace tykpp::http
