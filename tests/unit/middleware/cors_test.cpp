#include "middleware/cors.hpp"

#include <gtest/gtest.h>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::middleware {
namespace {

/// One request and what the step says to it.
struct Asked {
  explicit Asked(const definition::Cors& rules, std::string_view method) : step(rules) {
    exchange.request().method = method;
  }
  Asked& header(std::string_view name, std::string_view value) {
    exchange.request().headers.add(name, value);
    return *this;
  }
  Asked& run() {
    verdict = step.onRequest(exchange).value();
    return *this;
  }
  std::string_view answer(std::string_view name) const { return exchange.answer_headers.get(name); }

  Cors step;
  BlockPool pool;
  Arena arena{pool};
  http::Exchange exchange{arena, 0, 1};
  chain::Verdict verdict = chain::Verdict::kSuspend;
};

class CorsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Asked> preflight(std::string_view origin, std::string_view method,
                                   std::string_view names = {}) {
    auto asked = std::make_unique<Asked>(rules_, "OPTIONS");
    asked->header("Origin", origin).header("Access-Control-Request-Method", method);
    if (!names.empty()) asked->header("Access-Control-Request-Headers", names);
    return asked;
  }
  definition::Cors rules_{true,
                          {"http://App.example", "http://*.wild.example"},
                          {"GET", "PUT"},
                          {"X-Custom", "Content-Type"},
                          {"x-exposed", "X-More"},
                          true,
                          24,
                          false};
};

TEST_F(CorsTest, IsAbsentUnlessEnabled) {
  definition::ApiSpec api;
  const definition::GatewayConfig config;
  EXPECT_TRUE(Cors::create({api, config, 1})->empty());
  api.cors.enabled = true;
  EXPECT_EQ(Cors::create({api, config, 1})->size(), 1U);
}

TEST_F(CorsTest, AnswersAPreflight) {
  auto asked = preflight("http://app.example", "PUT", "content-type,x-custom");
  asked->run();
  EXPECT_EQ(asked->verdict, chain::Verdict::kRespond);
  EXPECT_EQ(asked->exchange.response().status, 204);
  EXPECT_EQ(asked->answer("Access-Control-Allow-Origin"), "http://app.example");
  EXPECT_EQ(asked->answer("Access-Control-Allow-Methods"), "PUT");
  EXPECT_EQ(asked->answer("Access-Control-Allow-Headers"), "content-type,x-custom");
  EXPECT_EQ(asked->answer("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(asked->answer("Access-Control-Max-Age"), "24");
  EXPECT_EQ(asked->answer("Vary"),
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
}

TEST_F(CorsTest, RefusesAPreflightBySayingNothing) {
  constexpr std::string_view kApp = "http://app.example";
  const std::string_view cases[][3] = {{"http://other.example", "PUT", ""},
                                       {kApp, "DELETE", ""},
                                       {kApp, "put", ""},
                                       {kApp, "PUT", "x-else"},
                                       {kApp, "PUT", "x-custom,content-type"},
                                       {kApp, "PUT", "content-type, x-custom"},
                                       {kApp, "PUT", "x-custom,x-custom"},
                                       {"http://wild.example", "GET", ""}};
  for (const auto& [origin, method, names] : cases) {
    auto asked = preflight(origin, method, names);
    asked->run();
    EXPECT_EQ(asked->exchange.response().status, 204);
    EXPECT_EQ(asked->exchange.answer_headers.size(), 1U) << origin << ' ' << method << ' ' << names;
  }
}

TEST_F(CorsTest, MatchesWildcards) {
  auto asked = preflight("http://A.wild.example", "GET");
  EXPECT_EQ(asked->run().answer("Access-Control-Allow-Origin"), "http://A.wild.example");
}

TEST_F(CorsTest, MarksOtherRequestsAndLetsThemThrough) {
  Asked asked(rules_, "GET");
  asked.header("Origin", "http://app.example").run();
  EXPECT_EQ(asked.verdict, chain::Verdict::kContinue);
  EXPECT_EQ(asked.answer("Access-Control-Allow-Origin"), "http://app.example");
  EXPECT_EQ(asked.answer("Access-Control-Expose-Headers"), "X-Exposed, X-More");
  EXPECT_EQ(asked.answer("Vary"), "Origin");
  EXPECT_EQ(asked.answer("Access-Control-Max-Age"), "");
}

TEST_F(CorsTest, LetsForeignRequestsThroughUnmarked) {
  for (const char* origin : {"", "http://other.example"}) {
    Asked asked(rules_, "GET");
    if (*origin != '\0') asked.header("Origin", origin);
    asked.run();
    EXPECT_EQ(asked.verdict, chain::Verdict::kContinue);
    EXPECT_EQ(asked.exchange.answer_headers.size(), 1U) << "Vary alone";
  }
}

TEST_F(CorsTest, AnswersOptionsThatAreNoPreflight) {
  Asked asked(rules_, "OPTIONS");
  asked.header("Origin", "http://app.example").run();
  EXPECT_EQ(asked.verdict, chain::Verdict::kRespond);
  EXPECT_EQ(asked.exchange.response().status, 200);
  EXPECT_EQ(asked.answer("Access-Control-Allow-Origin"), "http://app.example");
}

TEST_F(CorsTest, LeavesOptionsToTheUpstreamWhenAsked) {
  rules_.options_passthrough = true;
  auto asked = preflight("http://app.example", "PUT");
  EXPECT_EQ(asked->run().verdict, chain::Verdict::kContinue);
  EXPECT_EQ(asked->exchange.answer_headers.size(), 0U);
}

TEST_F(CorsTest, DefaultsToAnyOriginAndSimpleRequests) {
  rules_ = {};
  auto asked = preflight("http://anywhere.example", "POST", "accept,content-type");
  asked->run();
  EXPECT_EQ(asked->answer("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(asked->answer("Access-Control-Allow-Methods"), "POST");
  EXPECT_EQ(asked->answer("Access-Control-Max-Age"), "");
  auto put = preflight("http://anywhere.example", "PUT");
  EXPECT_EQ(put->run().exchange.answer_headers.size(), 1U);
}

TEST_F(CorsTest, SaysZeroForANegativeAge) {
  rules_.max_age = -1;
  auto asked = preflight("http://app.example", "GET");
  EXPECT_EQ(asked->run().answer("Access-Control-Max-Age"), "0");
}

TEST_F(CorsTest, TakesAnyHeaderWhenToldSo) {
  rules_.allowed_headers = {"*"};
  auto asked = preflight("http://app.example", "GET", "x-else, whatever");
  EXPECT_EQ(asked->run().answer("Access-Control-Allow-Headers"), "x-else, whatever");
}

}  // namespace
}  // namespace tykpp::middleware
