#include "http/wire_text.hpp"

#include <gtest/gtest.h>

namespace tykpp::http {
namespace {

std::string sent(const RequestParts& parts) {
  const auto wire = wireRequest(parts);
  return wire ? wire->bytes : "error: " + wire.error().message();
}

TEST(WireRequest, IsWrittenFromItsParts) {
  EXPECT_EQ(sent({"PUT", "/a?b=1#c", "body", {{"X-One", " 1 "}, {"x-two", "a\tb"}, {"X-One", ""}}}),
            "PUT /a?b=1 HTTP/1.1\r\nHost: localhost\r\nX-One: 1\r\nx-two: a\tb\r\nX-One: \r\n"
            "Content-Length: 4\r\n\r\nbody");
  EXPECT_EQ(sent({}), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(sent({"GET", "x/y", "", {}}), "GET /x/y HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(sent({"GET", "/\xc3\xa4%20", "", {}}),
            "GET /%C3%A4%20 HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST(WireRequest, KnowsItsHost) {
  EXPECT_FALSE(wireRequest({})->host_given);
  const auto named = wireRequest({"GET", "/", "", {{"hOst", "a.example:80"}}});
  EXPECT_TRUE(named->host_given);
  EXPECT_EQ(named->bytes, "GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
  const auto url = wireRequest({"GET", "HTTP://b.example?q", "", {{"Host", "a.example"}}});
  EXPECT_TRUE(url->host_given);
  EXPECT_EQ(url->bytes, "GET /?q HTTP/1.1\r\nHost: b.example\r\n\r\n");
}

TEST(WireRequest, FramesTheBodyItself) {
  EXPECT_EQ(sent({"POST",
                  "/",
                  "ab",
                  {{"content-length", "9"},
                   {"Transfer-Encoding", "chunked"},
                   {"Connection", "X-A, close"},
                   {"Upgrade", "websocket"},
                   {"Expect", "100-continue"},
                   {"TE", "trailers"}}}),
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
}

TEST(WireRequest, RefusesWhatWouldBeAnotherRequest) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  for (const char* method : {"GET /", "G\r\n", "G:T", "\x7f", "GET\t"}) {
    EXPECT_EQ(sent({method, "/", "", {}}), "error: the method is no token") << method;
  }
  for (const char* target : {"/a b", "/a\r\nX: y", "/\t", "/\x7f", "http://h/\n"}) {
    EXPECT_EQ(sent({"GET", target, "", {}}), "error: the path has a blank or a control character")
        << target;
  }
  EXPECT_EQ(sent({"GET", std::string("/\0", 2), "", {}}),
            "error: the path has a blank or a control character");
  for (const char* name : {"", "X Y", "X:", "X\r\nY", "\xc3\xa4"}) {
    EXPECT_EQ(sent({"GET", "/", "", Headers{{name, "v"}}}), "error: a header's name is no token")
        << name;
  }
  for (const char* value : {"a\r\nX: y", "a\n", "\x01", "\x7f"}) {
    EXPECT_EQ(sent({"GET", "/", "", Headers{{"X-A", value}}}),
              "error: the value of header X-A has a control character");
    EXPECT_EQ(sent({"GET", "/", "", Headers{{"Host", value}}}),
              "error: the value of header Host has a control character");
    EXPECT_EQ(sent({"GET", "/", "", Headers{{"Upgrade", value}}}),
              "error: the value of header Upgrade has a control character");
  }
  for (const char* host : {"a b", "a/b", "u@h", "a,b"}) {
    EXPECT_EQ(sent({"GET", "/", "", Headers{{"Host", host}}}), "error: the host is none") << host;
  }
}

struct WireAnswerTest : testing::Test {
  BlockPool blocks;
  std::string shown(const std::string& received, std::string_view method = "GET") {
    const auto answer = wireAnswer(received, method, blocks);
    if (!answer) return "error: " + answer.error().message();
    return std::to_string(answer->status) + (answer->partial ? " partial " : " ") + answer->text;
  }
};

TEST_F(WireAnswerTest, SortsFieldsAndDropsFraming) {
  EXPECT_EQ(
      shown("HTTP/1.1 201 Made It\r\nx-b: 2\r\nX-C: 3\r\nConnection: close\r\nX-A: 1\r\nx-a: 0\r\n"
            "Content-Length: 2\r\n\r\nhi"),
      "201 HTTP/1.1 201 Made It\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 0\r\nx-b: 2\r\nX-C: "
      "3\r\n\r\nhi");
  EXPECT_EQ(shown("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
            "200 HTTP/1.1 200 OK\r\n\r\nabcde");
  EXPECT_EQ(shown("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
            "200 HTTP/1.1 200 OK\r\n\r\nuntil the end");
}

TEST_F(WireAnswerTest, PassesOverInformationalAnswers) {
  EXPECT_EQ(shown("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
                  "x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
            "204 HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(shown("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes"),
            "101 HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  EXPECT_EQ(shown("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"),
            "200 HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(WireAnswerTest, SaysThatAnEndIsMissing) {
  EXPECT_EQ(shown("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
            "200 partial HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
  EXPECT_EQ(shown("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
            "200 partial HTTP/1.1 200 OK\r\n\r\nabc");
  for (const char* none :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "nonsense\r\n\r\n"}) {
    EXPECT_EQ(shown(none).substr(0, 7), "error: ") << none;
  }
}

}  // namespace
}  // namespace tykpp::http
