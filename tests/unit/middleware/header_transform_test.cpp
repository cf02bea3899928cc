#include "middleware/header_transform.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "http/upstream_change.hpp"
#include "middleware/context_variables.hpp"

namespace tykpp::middleware {
namespace {

using definition::HeaderEdit;
using definition::VariableText;

VariableText value(std::string_view text) {
  static const definition::SecretMap kNone;
  return VariableText::parse(text,
                             {kNone, definition::Environment(std::map<std::string, std::string>{})},
                             VariableText::Groups::kNo)
      .value();
}

class HeaderTransformTest : public ::testing::Test {
 protected:
  HeaderTransformTest() { api_.transforms = rules_; }
  void request() {
    auto steps = RequestHeaders::create({api_, config_, 1}).value();
    ASSERT_EQ(steps.size(), 1u);
    steps_ = std::move(steps);  // names live as long as the chain
    EXPECT_EQ(*steps_.front()->onRequest(on_.exchange), chain::Verdict::kContinue);
  }
  void response() {
    auto steps = ResponseHeaders::create({api_, config_, 1}).value();
    ASSERT_EQ(steps.size(), 1u);
    response_steps_ = std::move(steps);
    EXPECT_EQ(*response_steps_.front()->onResponse(on_.exchange), chain::Verdict::kContinue);
  }
  std::string nameOf(std::string_view name) const {
    const http::HeaderField* field = on_.exchange.request().headers.find(name);
    return field == nullptr ? "" : std::string(field->name);
  }

  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::TransformRules> rules_ =
      std::make_shared<definition::TransformRules>();
  test::TestExchange on_{"GET", "/items/1"};
  std::vector<std::unique_ptr<chain::Step>> steps_;
  std::vector<std::unique_ptr<chain::ResponseStep>> response_steps_;
};

TEST_F(HeaderTransformTest, IsAbsentWithoutRules) {
  EXPECT_TRUE(RequestHeaders::create({api_, config_, 1})->empty());
  EXPECT_TRUE(ResponseHeaders::create({api_, config_, 1})->empty());
  api_.transforms = nullptr;
  EXPECT_TRUE(RequestHeaders::create({api_, config_, 1})->empty());
}

TEST_F(HeaderTransformTest, RemovesThenSets) {
  on_.exchange.request().headers.add("X-Old", "1");
  on_.exchange.request().headers.add("x-gone", "2");
  on_.exchange.request().headers.add("X-OLD", "3");
  rules_->request_headers = {{"X-Gone"}, {{"x-old", value("new")}, {"x-fresh", value("f")}}};
  request();
  EXPECT_EQ(on_.header("X-Old"), "new");
  EXPECT_EQ(on_.header("X-Gone"), "");
  EXPECT_EQ(nameOf("X-Fresh"), "X-Fresh");
  std::size_t old = 0;
  for (const auto& field : on_.exchange.request().headers) old += field.value == "3" ? 1 : 0;
  EXPECT_EQ(old, 0u);
}

TEST_F(HeaderTransformTest, KeepsTheSpellingOnRequest) {
  config_.ignore_canonical_mime_header_key = true;
  rules_->request_headers = {{}, {{"x-fReSh", value("f")}}};
  request();
  EXPECT_EQ(nameOf("X-Fresh"), "x-fReSh");
}

TEST_F(HeaderTransformTest, AsksTheFirstEndpointAfterTheApi) {
  rules_->request_headers = {{}, {{"X-Where", value("global")}, {"X-All", value("1")}}};
  rules_->endpoint_request_headers = {
      {{"/items/{id}", "POST", ""}, {{}, {{"X-Where", value("post")}}}},
      {{"/items/{id}", "GET", ""}, {{"X-All"}, {{"X-Where", value("first")}}}},
      {{"/items", "GET", ""}, {{}, {{"X-Where", value("second")}}}}};
  request();
  EXPECT_EQ(on_.header("X-Where"), "first");
  EXPECT_EQ(on_.header("X-All"), "");
}

TEST_F(HeaderTransformTest, AsksTheEndpointBeforeTheApiOnAnswers) {
  on_.upstreamAnswered(200, "x");
  on_.exchange.response().headers.add("X-Up", "1");
  rules_->response_headers = {{}, {{"X-Where", value("global")}}};
  rules_->processor_headers = {{"Server"}, {{"X-Last", value("p")}, {"X-Early", value("p")}}};
  rules_->endpoint_response_headers = {
      {{"/items/{id}", "GET", ""},
       {{"X-Up"}, {{"X-Where", value("endpoint")}, {"X-Early", value("e")}}}}};
  response();
  EXPECT_EQ(on_.answered("X-Where"), "global");
  EXPECT_EQ(on_.answered("X-Up"), "");
  EXPECT_EQ(on_.answered("Server"), "");
  EXPECT_EQ(on_.answered("X-Last"), "p");
  EXPECT_EQ(on_.answered("X-Early"), "p");
  EXPECT_TRUE(response_steps_.front()->takesStreams());
}

TEST_F(HeaderTransformTest, LeavesTheFrameToTheGateway) {
  on_.upstreamAnswered(200, "x");
  const HeaderEdit frame{{"Content-Length", "Host", "Transfer-Encoding"},
                         {{"Host", value("evil")},
                          {"content-length", value("3")},
                          {"Transfer-Encoding", value("chunked")},
                          {"Connection", value("close")}}};
  rules_->request_headers = frame;
  rules_->response_headers = frame;
  request();
  response();
  EXPECT_EQ(on_.header("Host"), "example.org");
  EXPECT_EQ(on_.header("Content-Length"), "");
  EXPECT_EQ(on_.header("Connection"), "");
  EXPECT_EQ(on_.answered("Content-Length"), "999");
  EXPECT_EQ(on_.answered("Transfer-Encoding"), "");
}

TEST_F(HeaderTransformTest, StopsTellingTheClientsAddress) {
  rules_->request_headers = {{"X-Other"}, {}};
  request();
  EXPECT_EQ(on_.exchange.upstream_change, nullptr);
  rules_->request_headers = {{"x-forwarded-for"}, {}};
  on_.exchange.request().headers.add("X-Forwarded-For", "192.0.2.1");
  request();
  ASSERT_NE(on_.exchange.upstream_change, nullptr);
  EXPECT_TRUE(on_.exchange.upstream_change->hides_client);
  EXPECT_EQ(on_.header("X-Forwarded-For"), "");
}

TEST_F(HeaderTransformTest, SendsNoLineEndsOfClients) {
  test::TestExchange on("GET", "/?q=a%0d%0aX-B:%201%00");
  EXPECT_TRUE(ContextVariables(0, true).onRequest(on.exchange));
  const HeaderEditor editor({{}, {{"X-A", value(" $tyk_context.request_data_q ")}}}, false);
  editor.apply(on.exchange.request().headers, on.exchange);
  EXPECT_EQ(on.header("X-A"), "a  X-B: 1");
}

TEST_F(HeaderTransformTest, FindsAnEndpointWithTheVersionInItsPathToo) {
  ASSERT_TRUE(on_.exchange.request().setTarget("/v2/items/1"));
  on_.exchange.version_in_path = "v2";
  rules_->endpoint_request_headers = {
      {{"^/v2/items/{id}", "GET", ""}, {{}, {{"X-Where", value("versioned")}}}}};
  request();
  EXPECT_EQ(on_.header("X-Where"), "versioned");
}

TEST_F(HeaderTransformTest, NamesAPathThatCannotBeCompiled) {
  rules_->endpoint_request_headers = {{{"/items/(", "GET", "/list/0"}, {}}};
  const auto refused = RequestHeaders::create({api_, config_, 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().where(), "/list/0/path");
}

}  // namespace
}  // namespace tykpp::middleware
