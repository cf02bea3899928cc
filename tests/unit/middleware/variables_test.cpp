#include "middleware/variables.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/transform_rules.hpp"
#include "http/request_context.hpp"
#include "middleware/context_variables.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using definition::VariableText;

VariableText textOf(std::string_view text) {
  static const definition::SecretMap kSecrets{{"s", "a b"}};
  return VariableText::parse(
             text, {kSecrets, definition::Environment(std::map<std::string, std::string>{})},
             VariableText::Groups::kYes)
      .value();
}

/// A request that went through the step of context variables.
class Recorded {
 public:
  explicit Recorded(std::string_view target = "/", std::string_view method = "GET",
                    std::string body = {}, const char* type = nullptr)
      : on(method, target) {
    if (type != nullptr) on.exchange.request().headers.add("Content-Type", type);
    if (!body.empty()) on.exchange.request().setBody(std::move(body));
  }
  Recorded& header(const char* name, const char* value) {
    on.exchange.request().headers.add(name, value);
    return *this;
  }
  std::string of(std::string_view text, Escaping escaping = Escaping::kNone) {
    if (on.exchange.context == nullptr) {
      EXPECT_TRUE(ContextVariables(0, true).onRequest(on.exchange));
    }
    return std::string(rendered(textOf(text), on.exchange, escaping));
  }
  test::TestExchange on;
};

TEST(Variables, ShowTheRequest) {
  Recorded request("/c/a%20b/?q=1");
  EXPECT_EQ(request.of("$tyk_context.path"), "/c/a b/");
  EXPECT_EQ(request.of("[$tyk_context.path_parts]"), "[c,a b,]");
  EXPECT_EQ(request.of("$tyk_context.remote_addr"), "192.0.2.7");
  EXPECT_EQ(request.of("$tyk_context.headers_Host"), "example.org");
  EXPECT_EQ(request.of("a-$tyk_context.nothing-b"), "a-");
  EXPECT_EQ(request.of("$tyk_context.headers"), "");
}

TEST(Variables, ShowHeadersByTheirCanonicalName) {
  Recorded request;
  request.header("x-iN-b", "1").header("X-In-B", "2").header("CONTENT-type", "t");
  EXPECT_EQ(request.of("$tyk_context.headers_X_In_B"), "1");
  EXPECT_EQ(request.of("$tyk_context.headers_Content_Type"), "t");
  EXPECT_EQ(request.of("[$tyk_context.headers_x_in_b]"), "[]");
  EXPECT_EQ(request.of("[$tyk_context.headers_X_In]"), "[]");
}

TEST(Variables, ShowHeadersThatLaterStepsRemove) {
  Recorded request;
  request.header("X-In", "1");
  EXPECT_EQ(request.of("$tyk_context.headers_X_In"), "1");
  request.on.exchange.request().headers.erase("X-In");
  EXPECT_EQ(request.of("$tyk_context.headers_X_In"), "1");
}

TEST(Variables, ShowCookies) {
  Recorded request;
  request.header("Cookie", "a=1; my-id=\"2\"; b").header("Cookie", "a=3");
  EXPECT_EQ(request.of("$tyk_context.cookies_a"), "3");
  EXPECT_EQ(request.of("$tyk_context.cookies_my_id"), "2");
  EXPECT_EQ(request.of("[$tyk_context.cookies_b]"), "[]");
}

TEST(Variables, ShowParametersOfTheQuery) {
  Recorded request("/?q=hi%20there&q=2&my-name=x&bad=%zz&plus=a+b");
  EXPECT_EQ(request.of("$tyk_context.request_data_q"), "hi there");
  EXPECT_EQ(request.of("$tyk_context.request_data_my_name"), "x");
  EXPECT_EQ(request.of("[$tyk_context.request_data_bad]"), "[]");
  EXPECT_EQ(request.of("$tyk_context.request_data"), "my-name:x;plus:a b;q:hi there,2");
}

TEST(Variables, ShowFormsBeforeTheQuery) {
  Recorded form("/?q=query&z=1", "POST", "q=form+x",
                "application/x-www-form-urlencoded; charset=x");
  EXPECT_EQ(form.of("$tyk_context.request_data_q"), "form x");
  EXPECT_EQ(form.of("$tyk_context.request_data"), "q:form x,query;z:1");
  Recorded get("/?q=query", "GET", "q=form", "application/x-www-form-urlencoded");
  EXPECT_EQ(get.of("$tyk_context.request_data_q"), "query");
  Recorded other("/", "POST", "q=form", "text/plain");
  EXPECT_EQ(other.of("[$tyk_context.request_data_q]"), "[]");
}

TEST(Variables, ShowMultipartFormsWithoutTheirFiles) {
  const std::string body =
      "preamble\r\n--b1\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nmulti\r\nline\r\n"
      "--b1\r\ncontent-disposition: form-data; name=\"f\"; "
      "filename=\"x\"\r\n\r\nfile\r\n--b1--\r\n";
  Recorded form("/?z=1", "PUT", body, "multipart/form-data; boundary=\"b1\"");
  EXPECT_EQ(form.of("$tyk_context.request_data"), "q:multi\r\nline;z:1");
  for (const char* broken :
       {"--b1", "--b1\r\n", "--b1\r\nA: b\r\n\r\n", "--b1\r\n\r\n\r\n--b2", ""}) {
    Recorded cut("/", "POST", broken, "multipart/form-data; boundary=b1");
    EXPECT_EQ(cut.of("[$tyk_context.request_data]"), "[]") << broken;
  }
  Recorded unbounded("/", "POST", body, "multipart/form-data");
  EXPECT_EQ(unbounded.of("[$tyk_context.request_data]"), "[]");
}

TEST(Variables, MakeOneIdForARequest) {
  Recorded request;
  const std::string id = request.of("$tyk_context.request_id");
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(request.of("$tyk_context.request_id"), id);
  EXPECT_NE(Recorded().of("$tyk_context.request_id"), id);
}

TEST(Variables, AreEmptyWithoutTheStep) {
  test::TestExchange on("GET", "/a");
  EXPECT_EQ(rendered(textOf("[$tyk_context.path$tyk_meta.a]"), on.exchange, Escaping::kNone), "[]");
}

TEST(Variables, ShowMetadataOfTheSession) {
  test::TestExchange on;
  auto state = session::SessionState::parse(
      R"({"meta_data": {"plan": "gold plan", "count": 3, "big": 1e21, "part": 2.50, "deep": {"a": 1},
          "list": ["a b", 2, true], "yes": true, "url": "http://h/?a=b", "none": null}})",
      "k");
  ASSERT_TRUE(state);
  on.exchange.session = std::make_shared<session::SessionState>(std::move(*state));
  const auto shown = [&on](std::string_view text, Escaping escaping = Escaping::kNone) {
    return std::string(rendered(textOf(text), on.exchange, escaping));
  };
  EXPECT_EQ(shown("$tyk_meta.plan"), "gold plan");
  EXPECT_EQ(shown("$tyk_meta.plan", Escaping::kQuery), "gold+plan");
  EXPECT_EQ(shown("$tyk_meta.count"), "3");
  EXPECT_EQ(shown("$tyk_meta.big"), "1000000000000000000000");
  EXPECT_EQ(shown("$tyk_meta.part"), "2.5");
  EXPECT_EQ(shown("[$tyk_meta.deep$tyk_meta.deep.a$tyk_meta.yes$tyk_meta.none$tyk_meta.no]"), "[]");
  EXPECT_EQ(shown("$tyk_meta.list"), "a+b,2");
  EXPECT_EQ(shown("$tyk_meta.url", Escaping::kQuery), "http://h/?a=b");
}

TEST(Variables, AreEscapedInUrlsButSecretsAndGroupsAreNot) {
  Recorded request;
  request.header("X-In", "a/b&c");
  const std::string_view groups[] = {"g/0", "g/1"};
  EXPECT_EQ(request.of("$tyk_context.headers_X_In", Escaping::kQuery), "a%2Fb%26c");
  EXPECT_EQ(rendered(textOf("$secret_conf.s|$1|$2|$tyk_context.headers_X_In"), request.on.exchange,
                     Escaping::kQuery, groups),
            "a b|g/1||a%2Fb%26c");
}

TEST(Variables, DoNotReadWhatClientsSend) {
  Recorded request;
  request.header("X-In", "$secret_conf.s $tyk_context.path");
  EXPECT_EQ(request.of("$tyk_context.headers_X_In"), "$secret_conf.s $tyk_context.path");
}

TEST(Variables, ShowWhatLaterStepsKnow) {
  Recorded request;
  EXPECT_EQ(request.of("[$tyk_context.token$tyk_context.rate_limit_limit$tyk_context.quota_limit]"),
            "[]");
  http::noteToken(request.on.exchange, "k1");
  http::RequestContext& context = *request.on.exchange.context;
  context.claims.push_back({"sub", "header"});
  context.claims.push_back({"sub", "claim"});
  context.rate = http::LimitNumbers{5, 4, 99};
  request.on.exchange.session =
      std::make_shared<session::SessionState>(session::SessionState::parse("{}", "k1").value());
  request.on.exchange.limit_numbers = {7, 6, 88};
  EXPECT_EQ(request.of("$tyk_context.token"), "k1");
  EXPECT_EQ(request.of("$tyk_context.jwt_claims_sub"), "claim");
  EXPECT_EQ(request.of("$tyk_context.rate_limit_limit,$tyk_context.rate_limit_remaining,"
                       "$tyk_context.rate_limit_reset"),
            "5,4,99");
  EXPECT_EQ(request.of("$tyk_context.quota_limit,$tyk_context.quota_remaining,"
                       "$tyk_context.quota_reset"),
            "7,6,88");
}

TEST(ContextVariables, AreThereWhenTheApiAsksForThem) {
  definition::ApiSpec api;
  definition::GatewayConfig config;
  EXPECT_TRUE(ContextVariables::create({api, config, 1})->empty());
  api.context_variables = true;
  EXPECT_EQ(ContextVariables::create({api, config, 1})->front()->requestBody(),
            http::BodyNeed::kStream);
  auto rules = std::make_shared<definition::TransformRules>();
  rules->needs_form = true;
  api.transforms = rules;
  EXPECT_EQ(ContextVariables::create({api, config, 1})->front()->requestBody(),
            http::BodyNeed::kBuffer);
}

}  // namespace
}  // namespace tykpp::middleware
