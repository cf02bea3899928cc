#include "client/client.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "common/http_server.hpp"

namespace tykpp::client {
namespace {

class ClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<test::HttpServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  static Request get(std::string_view path) {
    Request request;
    request.url = server_->url(path);
    return request;
  }
  static std::future<Result<Response>> start(HttpClient& client, Request request) {
    auto promise = std::make_shared<std::promise<Result<Response>>>();
    auto future = promise->get_future();
    client.send(std::move(request),
                [promise](Result<Response> result) { promise->set_value(std::move(result)); });
    return future;
  }
  Result<Response> call(Request request) { return start(client_, std::move(request)).get(); }
  Errc errorOf(Request request) {
    const auto result = call(std::move(request));
    EXPECT_FALSE(result);
    return result ? Errc::kInternal : result.error().code();
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "absent";
  }
  static bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  static std::unique_ptr<test::HttpServer> server_;
  HttpClient client_;
};
std::unique_ptr<test::HttpServer> ClientTest::server_;

TEST_F(ClientTest, GivesStatusFieldsBodyAndUrl) {
  const auto answer = call(get("/echo?a=b"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->url, server_->url("/echo?a=b"));
  EXPECT_EQ(header(*answer, "X-One"), "1");
  EXPECT_EQ(header(*answer, "Content-Type"), "application/json");
  EXPECT_TRUE(contains(answer->body, "\"method\": \"GET\""));
  EXPECT_TRUE(contains(answer->body, "\"path\": \"/echo?a=b\""));
}

TEST_F(ClientTest, SendsTheFieldsItIsGivenAndNoOthers) {
  Request request = get("/echo");
  request.headers = {{"X-A", "1"}, {"X-Empty", ""}, {"X-A", "2"}, {"Content-Length", "7"}};
  const auto answer = call(request);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(contains(answer->body,
                       "\"headers\": [[\"Host\", \"127.0.0.1:" + std::to_string(server_->port()) +
                           "\"], [\"Accept-Encoding\", \"gzip\"], [\"X-A\", \"1\"], "
                           "[\"X-Empty\", \"\"], [\"X-A\", \"2\"]]"))
      << answer->body;
}

TEST_F(ClientTest, SendsABodyWithAnyMethod) {
  for (const char* method : {"POST", "PUT", "DELETE", "GET", "PATCH"}) {
    Request request = get("/echo");
    request.method = method;
    request.body = std::string("a\0b", 3);
    const auto answer = call(request);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(contains(answer->body, std::string("\"method\": \"") + method)) << answer->body;
    EXPECT_TRUE(contains(answer->body, "\"body\": \"a\\u0000b\"")) << answer->body;
    EXPECT_FALSE(contains(answer->body, "Content-Type"));
  }
}

TEST_F(ClientTest, HeadHasNoBody) {
  Request request = get("/big/10");
  request.method = "HEAD";
  const auto answer = call(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(header(*answer, "Content-Length"), "10");
  EXPECT_EQ(answer->body, "");
}

TEST_F(ClientTest, AnErrorStatusIsAnAnswer) {
  const auto answer = call(get("/status/503"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
}

TEST_F(ClientTest, FollowsTenRedirectsAndNotEleven) {
  const auto answer = call(get("/redirect/10"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->url, server_->url("/echo"));
  const auto refused = call(get("/loop"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "stopped after 10 redirects");
}

TEST_F(ClientTest, GivesTheRedirectWhenNotToFollow) {
  Request request = get("/redirect/2");
  request.follow_redirects = false;
  const auto answer = call(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->body, "elsewhere");
}

TEST_F(ClientTest, APostGoesOnAsGetAfter302AndAsPostAfter307) {
  Request request = get("/moved/302?to=/echo");
  request.method = "POST";
  request.body = "b";
  EXPECT_TRUE(contains(call(request)->body, "\"method\": \"GET\""));
  request.url = server_->url("/moved/307?to=/echo");
  const auto repeated = call(request);
  EXPECT_TRUE(contains(repeated->body, "\"method\": \"POST\""));
  EXPECT_TRUE(contains(repeated->body, "\"body\": \"b\""));
}

TEST_F(ClientTest, CredentialsStayWithTheirHost) {
  const test::HttpServer other;
  Request request = get("/moved/302?to=" + other.url("/echo"));
  request.headers = {{"Authorization", "secret"}, {"X-A", "1"}};
  const auto answer = call(request);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(contains(answer->body, "secret"));
  EXPECT_TRUE(contains(answer->body, "X-A"));
  request.url = server_->url("/moved/302?to=/echo");
  EXPECT_TRUE(contains(call(request)->body, "secret"));
}

TEST_F(ClientTest, NoOtherSchemesNotEvenByRedirect) {
  EXPECT_EQ(errorOf(get("/moved/302?to=file:///etc/passwd")), Errc::kBadRequest);
  Request request;
  request.url = "file:///etc/passwd";
  EXPECT_EQ(errorOf(request), Errc::kBadRequest);
  request.url = "nonsense";
  EXPECT_NE(errorOf(request), Errc::kInternal);
}

TEST_F(ClientTest, RefusesWhatCannotBeSent) {
  Request request = get("/echo");
  request.headers = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_EQ(errorOf(request), Errc::kBadRequest);
  request = get("/echo");
  request.method = "GET /";
  EXPECT_EQ(errorOf(request), Errc::kBadRequest);
  request = get("/echo\r\nX-B: 2");
  EXPECT_EQ(errorOf(request), Errc::kBadRequest);
}

TEST_F(ClientTest, DecodesGzip) {
  const auto answer = call(get("/gzip"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(header(*answer, "Content-Encoding"), "absent");
  EXPECT_EQ(header(*answer, "Content-Length"), "absent");
  Request plain = get("/gzip");
  plain.accept_gzip = false;
  EXPECT_EQ(header(*call(plain), "Content-Encoding"), "gzip");
}

TEST_F(ClientTest, StopsAtTheLimitOfTheBodyPackedOrNot) {
  Request request = get("/big/101");
  request.max_body = 100;
  EXPECT_EQ(errorOf(request), Errc::kBodyTooLarge);
  request.url = server_->url("/big/100");
  EXPECT_TRUE(call(request));
  request.url = server_->url("/bomb");
  request.max_body = 1 << 20;
  EXPECT_EQ(errorOf(request), Errc::kBodyTooLarge);
}

TEST_F(ClientTest, StopsAtTheLimitOfTheHead) {
  HttpClient client(Limits{.transfers = 1, .queued = 1, .head_bytes = 1000});
  EXPECT_TRUE(start(client, get("/head/2")).get());
  const auto answer = start(client, get("/head/20")).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Errc::kHeaderTooLarge);
}

TEST_F(ClientTest, ABodyThatBreaksOffIsAReset) {
  EXPECT_EQ(errorOf(get("/half")), Errc::kUpstreamReset);
}

TEST_F(ClientTest, GivesUpWhenTheTimeIsOver) {
  Request request = get("/hang");
  request.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(errorOf(request), Errc::kTimeout);
  request.timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(errorOf(request), Errc::kTimeout);
}

TEST_F(ClientTest, NobodyListensAndNoSuchHost) {
  Request request;
  request.url = "http://127.0.0.1:1/";
  EXPECT_EQ(errorOf(request), Errc::kConnectFailed);
  request.url = "http://name.invalid/";
  EXPECT_EQ(errorOf(request), Errc::kDnsFailed);
}

TEST_F(ClientTest, KeepsConnectionsUnlessToldNotTo) {
  const std::string first = call(get("/peer"))->body;
  EXPECT_EQ(call(get("/peer"))->body, first);
  Request fresh = get("/peer");
  fresh.fresh_connection = true;
  EXPECT_NE(call(fresh)->body, first);
}

TEST_F(ClientTest, AChildProcessInheritsNoConnection) {
  ASSERT_TRUE(start(client_, get("/status/200")).get());
  int connections = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != server_->port()) continue;
    ++connections;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_GE(connections, 1) << "it is kept for the next call";
}

TEST_F(ClientTest, QueuesWhatIsAboveTheLimitAndRefusesWhatIsAboveTheQueue) {
  HttpClient client(Limits{.transfers = 1, .queued = 1, .head_bytes = 1000});
  Request hanging = get("/hang");
  hanging.timeout = std::chrono::milliseconds(300);
  auto running = start(client, hanging);
  auto waiting = start(client, get("/status/200"));
  auto refused = start(client, get("/status/200")).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kForbidden);
  EXPECT_EQ(running.get().error().code(), Errc::kTimeout);
  EXPECT_TRUE(waiting.get());
}

TEST_F(ClientTest, TimeInTheQueueCounts) {
  HttpClient client(Limits{.transfers = 1, .queued = 1, .head_bytes = 1000});
  auto running = start(client, get("/hang"));
  Request short_one = get("/status/200");
  short_one.timeout = std::chrono::milliseconds(20);
  EXPECT_EQ(start(client, short_one).get().error().code(), Errc::kTimeout);
}

TEST_F(ClientTest, RunsManyCalls) {
  std::vector<std::future<Result<Response>>> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(start(client_, get("/status/200")));
  for (auto& one : calls) {
    const auto answer = one.get();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200);
  }
}

TEST_F(ClientTest, ACallbackMaySend) {
  std::promise<int> status;
  client_.send(get("/status/201"), [&](Result<Response>) {
    client_.send(get("/status/202"),
                 [&](Result<Response> second) { status.set_value(second ? second->status : 0); });
  });
  EXPECT_EQ(status.get_future().get(), 202);
}

TEST_F(ClientTest, RunsNoCallbackOnceItIsDestroyed) {
  std::atomic<int> calls = 0;
  auto kept = std::make_shared<int>(0);
  {
    HttpClient client(Limits{.transfers = 1, .queued = 9, .head_bytes = 1000});
    for (int i = 0; i < 3; ++i)
      client.send(get("/hang"), [&calls, kept](Result<Response>) { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace tykpp::client
