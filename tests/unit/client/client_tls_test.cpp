#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "client/client.hpp"
#include "common/http_server.hpp"

namespace tykpp::client {
namespace {

class ClientTlsTest : public ::testing::Test {
 protected:
  ClientTlsTest() {
    const std::string make =
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder_.file("key.pem") + " -out " + folder_.file("cert.pem") + " 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0);
    server_ = std::make_unique<test::HttpServer>(
        std::vector<std::string>{"--tls", folder_.file("cert.pem"), folder_.file("key.pem")});
  }
  Result<Response> call(const TlsOptions& tls) {
    Request request;
    request.url = server_->url("/status/200", "https");
    request.tls = tls;
    std::promise<Result<Response>> answer;
    client_.send(request, [&](Result<Response> got) { answer.set_value(std::move(got)); });
    return answer.get_future().get();
  }

  test::ScratchFolder folder_;
  std::unique_ptr<test::HttpServer> server_;
  HttpClient client_;
};

TEST_F(ClientTlsTest, ChecksTheCertificateUnlessToldNotTo) {
  const auto refused = call({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kTlsFailed);
  EXPECT_TRUE(call({.insecure_skip_verify = true}));
  EXPECT_TRUE(call({.ca_file = folder_.file("cert.pem")}));
  EXPECT_FALSE(call({})) << "a connection that nobody checked must not be used again";
}

TEST_F(ClientTlsTest, SpeaksTheVersionItMay) {
  EXPECT_TRUE(call({.insecure_skip_verify = true, .max_version = 771}));
  EXPECT_TRUE(call({.insecure_skip_verify = true, .max_version = 772}));
}

}  // namespace
}  // namespace tykpp::client
