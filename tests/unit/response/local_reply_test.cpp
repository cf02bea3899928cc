#include "response/local_reply.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/exchange.hpp"

namespace tykpp::response {
namespace {

class LocalReplyTest : public testing::Test {
 protected:
  LocalReplyTest() {
    response().reason = "From Upstream";
    response().headers.add("X-From-Upstream", "1");
  }
  http::Response& response() { return exchange_.response(); }
  std::string header(const char* name) { return std::string(response().headers.get(name)); }

  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_{arena_, 0, 1};
};

TEST_F(LocalReplyTest, SaysThatThereIsNoSuchPath) {
  notFound(exchange_);
  EXPECT_EQ(response().status, 404);
  EXPECT_EQ(header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(*response().body(), "Not Found");
  EXPECT_EQ(response().headers.size(), 1U);
  EXPECT_EQ(response().reason, "");
}

TEST_F(LocalReplyTest, RedirectsWithoutABodyOrAType) {
  movedPermanently(exchange_, "/p/a");
  EXPECT_EQ(response().status, 301);
  EXPECT_EQ(header("Location"), "/p/a");
  EXPECT_EQ(*response().body(), "");
  EXPECT_EQ(response().headers.size(), 1U);
}

TEST_F(LocalReplyTest, RefusesALargeBody) {
  requestTooLarge(exchange_);
  EXPECT_EQ(response().status, 413);
  EXPECT_EQ(header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(*response().body(), "Request Entity Too Large\n");
}

TEST_F(LocalReplyTest, RefusesAnUnreadableTarget) {
  badRequest(exchange_);
  EXPECT_EQ(response().status, 400);
  EXPECT_EQ(header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(*response().body(), "400 Bad Request");
}

TEST_F(LocalReplyTest, WritesStatusMessagesAsTheOriginalEncodesThem) {
  statusMessage(exchange_, 405, "Method Not Allowed");
  EXPECT_EQ(response().status, 405);
  EXPECT_EQ(header("Content-Type"), "application/json");
  EXPECT_EQ(*response().body(), "{\"status\":\"error\",\"message\":\"Method Not Allowed\"}\n");
  statusMessage(exchange_, 200, "a\"b\\<&>\n\x01'");
  EXPECT_EQ(*response().body(),
            "{\"status\":\"ok\",\"message\":\"a\\\"b\\\\\\u003c\\u0026\\u003e\\n\\u0001'\"}\n");
}

TEST_F(LocalReplyTest, CopiesTheTypeOfAnyReply) {
  {
    std::string type = "text/x-" + std::string(40, 'y');
    reply(exchange_, 200, type, "body");
    type.assign(type.size(), 'z');
  }
  EXPECT_EQ(header("Content-Type"), "text/x-" + std::string(40, 'y'));
  EXPECT_EQ(*response().body(), "body");
}

}  // namespace
}  // namespace tykpp::response
