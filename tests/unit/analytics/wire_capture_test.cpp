#include "analytics/wire_capture.hpp"

#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "common/plugin_fixture.hpp"
#include "http/upstream_change.hpp"

namespace tykpp::analytics {
namespace {

class WireCaptureTest : public ::testing::Test {
 protected:
  WireCaptureTest() {
    api_.strip_listen_path = true;
    on_.exchange.listen_path_match = "/shop/";
    http::Headers& headers = on_.exchange.request().headers;
    headers.add("X-H", "1");
    headers.add("Content-Length", "999");
    headers.add("Connection", "close");
    on_.exchange.response().status = 404;
    on_.exchange.response().headers.add("Content-Type", "text/plain");
    on_.exchange.response().headers.add("Transfer-Encoding", "chunked");
  }
  void take(Ending ending = Ending::kUpstream) {
    capture_.takeRequest(on_.exchange, recordedRequest(on_.exchange, api_, ending));
  }
  static std::string plain(std::string_view text) { return decodeBase64(text).value(); }
  definition::ApiSpec api_;
  test::TestExchange on_{"POST", "/shop/a%20b?q=1"};
  WireCapture capture_{16};
};

TEST_F(WireCaptureTest, WritesBothMessages) {
  take();
  capture_.requestBody().add("the ");
  capture_.requestBody().add("body");
  capture_.takeResponse(on_.exchange, "X-Ratelimit-Limit: 0\r\n");
  capture_.responseBody().add("gone");
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_EQ(plain(record.raw_request),
            "POST /a%20b?q=1 HTTP/1.1\r\nHost: example.org\r\nX-H: 1\r\nContent-Length: "
            "8\r\n\r\nthe body");
  EXPECT_EQ(plain(record.raw_response),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-Ratelimit-Limit: "
            "0\r\nContent-Length: 4\r\n\r\ngone");
}

TEST_F(WireCaptureTest, KeepsThePathOfAStepsAnswer) {
  take(Ending::kStep);
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_TRUE(plain(record.raw_request).starts_with("POST /shop/a%20b?q=1 HTTP/1.1\r\n"));
  EXPECT_EQ(record.raw_response, "") << "there was none";
}

TEST_F(WireCaptureTest, WritesTheMethodAndURLThatTheUpstreamGets) {
  http::UpstreamChange& change = http::upstreamChangeOf(on_.exchange);
  change.method = "PUT";
  change.setUrl("http://elsewhere/new%20place?r=2", on_.exchange.arena());
  take();
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_TRUE(plain(record.raw_request).starts_with("PUT /new%20place?r=2 HTTP/1.1\r\n"));
}

TEST_F(WireCaptureTest, TakesABodyThatIsInMemory) {
  on_.exchange.request().setBody("in memory");
  take();
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_TRUE(plain(record.raw_request).ends_with("Content-Length: 9\r\n\r\nin memory"));
}

TEST_F(WireCaptureTest, CutsBodiesAtTheLimit) {
  capture_.takeResponse(on_.exchange, {});
  capture_.responseBody().add(std::string(10, 'a'));
  capture_.responseBody().add(std::string(10, 'b'));
  capture_.responseBody().add("c");
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_TRUE(plain(record.raw_response).ends_with("Content-Length: 16\r\n\r\naaaaaaaaaabbbbbb"));
}

TEST_F(WireCaptureTest, KeepsNothingOfAStream) {
  take();
  capture_.giveUp();
  http::TrafficRecord record;
  capture_.put(record);
  EXPECT_EQ(record.raw_request, "");
}

}  // namespace
}  // namespace tykpp::analytics
