#include "middleware/request_size.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::middleware {
namespace {

class RequestSizeTest : public ::testing::Test {
 protected:
  RequestSizeTest() { api_.limits = rules_; }
  /// What the step says about a request whose header has this length; null: no header.
  int status(const char* length, const char* path = "/x", const char* method = "POST") {
    auto steps = RequestSize::create({api_, config_, 1}).value();
    EXPECT_EQ(steps.size(), 1u);
    test::TestExchange on(method, path);
    if (length != nullptr) on.exchange.request().headers.add("Content-Length", length);
    const auto verdict = steps.front()->onRequest(on.exchange);
    if (verdict) return 200;
    message_ = verdict.error().message();
    return verdict.error().status();
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::LimitRules> rules_ = std::make_shared<definition::LimitRules>();
  std::string message_;
};

TEST_F(RequestSizeTest, IsAbsentWithoutLimits) {
  EXPECT_TRUE(RequestSize::create({api_, config_, 1})->empty());
}

TEST_F(RequestSizeTest, ComparesWhatIsDeclared) {
  rules_->global_size_limit = 10;
  EXPECT_EQ(status("10"), 200);
  EXPECT_EQ(status("11"), 400);
  EXPECT_EQ(message_, "Request is too large");
  EXPECT_EQ(status("99999999999999999999"), 400);
  EXPECT_EQ(message_, "content length is not a valid Integer");
  EXPECT_EQ(status(nullptr), 411);
  EXPECT_EQ(message_, "Content length is required for this request");
  for (const char* method : {"GET", "DELETE", "TRACE", "OPTIONS", "HEAD"}) {
    EXPECT_EQ(status("11", "/x", method), 200) << method;
  }
}

TEST_F(RequestSizeTest, AsksTheEndpointAfterTheApi) {
  rules_->endpoint_sizes.push_back({{"/small", "POST", "/list/0"}, 3});
  EXPECT_EQ(status("4", "/small"), 400);
  EXPECT_EQ(status("3", "/small"), 200);
  EXPECT_EQ(status("4", "/small", "PUT"), 200);
  EXPECT_EQ(status(nullptr, "/other"), 200);
  rules_->global_size_limit = 2;
  EXPECT_EQ(status("3", "/small"), 400);
}

TEST_F(RequestSizeTest, CountsABodyThatAHookMade) {
  rules_->global_size_limit = 3;
  auto steps = RequestSize::create({api_, config_, 1}).value();
  test::TestExchange on("POST");
  on.exchange.request().headers.add("Content-Length", "1");
  on.exchange.request().setBody("longer");
  EXPECT_FALSE(steps.front()->onRequest(on.exchange));
}

}  // namespace
}  // namespace tykpp::middleware
