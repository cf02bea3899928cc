// What a JavaScript hook sees of a request and what counts of what it returns.

#include <gtest/gtest.h>

#include "common/js_fixture.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers {
namespace {

using test::JsFixture;
using test::TestExchange;

TEST(JsHook, SeesTheRequestAndSetsHeaders) {
  JsFixture js;
  js.api.config_data = R"({"greeting":"hello"})";
  BoundPlugin& plugin = js.loadBody(R"js(
    request.SetHeaders["x-greeting"] = config.config_data.greeting;
    request.SetHeaders["X-Facts"] = [request.Method, request.URL, request.RequestURI, request.Scheme,
        request.Params.a.join("+"), request.Headers["X-Key"].join("+"), request.Headers.Host[0],
        config.APIID, config.OrgID, request.Body.length].join(" ");
    request.DeleteHeaders.push("x-drop");
  )js");
  TestExchange x("POST", "/one?a=1&a=%20two");
  x.exchange.request().headers.add("x-key", "v1");
  x.exchange.request().headers.add("X-KEY", "v2");
  x.exchange.request().headers.add("X-Drop", "gone");
  x.exchange.request().setBody("12345");
  ASSERT_EQ(js.call(plugin, x).value(), HookVerdict::kContinue);
  EXPECT_EQ(x.header("X-Greeting"), "hello");
  EXPECT_EQ(x.header("X-Facts"),
            "POST /one?a=1&a=%20two /one?a=1&a=%20two http 1+ two v1+v2 example.org api-1 org-1 5");
  EXPECT_FALSE(x.exchange.request().headers.contains("X-Drop"));
  EXPECT_EQ(*x.exchange.request().body(), "12345");
}

TEST(JsHook, ReturnsABodyThatIsNoUtf8ByteForByte) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.Body += 'x';");
  TestExchange x("POST", "/");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\xed\xa0\x80\xf0\x9f\x98\x80\xff";
  x.exchange.request().setBody(bytes);
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(*x.exchange.request().body(), bytes + "x");
}

TEST(JsHook, CountsCharactersOfTheBodyInUtf16) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.SetHeaders.X = String(request.Body.length);");
  TestExchange x("POST", "/");
  x.exchange.request().setBody("na\u00efve \u2713 \U0001f600");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "10");
  EXPECT_EQ(*x.exchange.request().body(), "na\u00efve \u2713 \U0001f600");
}

TEST(JsHook, KeepsTheBodyWithIgnoreBody) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.Body = 'never sent'; request.IgnoreBody = true;");
  TestExchange x("POST", "/");
  x.exchange.request().setBody("original");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(*x.exchange.request().body(), "original");
}

TEST(JsHook, ChangesParametersAfterTheUrl) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    request.URL = "/other?x=1&drop=2";
    request.DeleteParams.push("drop");
    request.AddParams["added"] = "by js";
    request.ExtendedParams["x"] = ["2", "3"];
  )js");
  TestExchange x("GET", "/one?keep=1");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.exchange.request().path, "/other");
  EXPECT_EQ(x.exchange.request().query, "added=by+js&x=1&x=2&x=3");
}

TEST(JsHook, KeepsTheUrlWhenTheNewOneIsNone) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.URL = request.Headers.X ? 'no url' : undefined;");
  TestExchange x("GET", "/one?keep=1");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.exchange.request().target, "/one?keep=1");
  x.exchange.request().headers.add("X", "1");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.exchange.request().target, "/one?keep=1");
}

TEST(JsHook, ReadsNamesWithoutRegardToCase) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var plugin = { DoProcessRequest: function (request) {
      request.setheaders = { "X-A": "1" };
      return JSON.stringify({ request: { body: request.Body, setheaders: { "X-A": "1" },
          returnoverrides: { responsecode: 0 } } });
    } };
  )js");
  TestExchange x("POST", "/");
  x.exchange.request().setBody("text");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X-A"), "1");
  EXPECT_EQ(*x.exchange.request().body(), "text");
}

TEST(JsHook, CallsAnOverriddenDoProcessRequestWithABase64Body) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var plugin = new TykJS.TykMiddleware.NewMiddleware({});
    TykJS.TykMiddleware.MiddlewareComponentMeta.prototype.DoProcessRequest = function (r, s, c) {
      r.SetHeaders["X-Body"] = r.Body;
      r.Body = b64enc(b64dec(r.Body) + "!");
      return JSON.stringify({ Request: r, SessionMeta: {} });
    };
  )js");
  TestExchange x("POST", "/");
  x.exchange.request().setBody("hi");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X-Body"), "aGk=");
  EXPECT_EQ(*x.exchange.request().body(), "hi!");
}

TEST(JsHook, AnswersInPlaceOfTheUpstream) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    request.ReturnOverrides.ResponseCode = 201;
    request.ReturnOverrides.ResponseBody = "made";
    request.ReturnOverrides.ResponseHeaders = { "x-one": "1", "Set-Cookie": ["a=1", "b=2"] };
  )js");
  TestExchange x;
  ASSERT_EQ(js.call(plugin, x).value(), HookVerdict::kRespond);
  EXPECT_EQ(x.exchange.response().status, 201);
  EXPECT_EQ(*x.exchange.response().body(), "made");
  EXPECT_EQ(x.answered("X-One"), "1");
  EXPECT_EQ(x.answered("Server"), "tyk");
  EXPECT_EQ(x.answered("X-Ratelimit-Limit"), "0");
  int cookies = 0;
  for (const auto& field : x.exchange.response().headers) cookies += field.name == "Set-Cookie";
  EXPECT_EQ(cookies, 2);
  EXPECT_FALSE(x.exchange.answer_passes_response_chain);
}

TEST(JsHook, RefusesWithTheErrorDocument) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    var over = request.ReturnOverrides;
    over.ResponseCode = 403;
    over.ResponseError = "no entry";
    over.ResponseBody = "loses";
    over.ResponseHeaders = { "X-Why": "deny" };
  )js");
  TestExchange x;
  const Result<HookVerdict> verdict = js.call(plugin, x);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "no entry");
  EXPECT_EQ(x.exchange.error_headers.get("X-Why"), "deny");
}

TEST(JsHook, SendsAnErrorAsItIsWithOverrideError) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(
      "request.ReturnOverrides = {ResponseCode: 404, ResponseBody: 'raw', OverrideError: true};",
      Hook::kPost);
  TestExchange x;
  ASSERT_EQ(js.call(plugin, x, Hook::kPost).value(), HookVerdict::kRespond);
  EXPECT_EQ(x.exchange.response().status, 404);
  EXPECT_EQ(*x.exchange.response().body(), "raw");
  EXPECT_TRUE(x.exchange.answer_passes_response_chain);
}

/// Each is 500 with the standard text and says why in the log.
TEST(JsHook, FailsClosed) {
  const char* const bodies[] = {
      "throw new Error('on purpose');",
      "return;",
      "return 7;",
      "return {};",
      "request.SetHeaders['X-N'] = 5;",
      "request.SetHeaders = ['a'];",
      "request.URL = 7;",
      "request.ReturnOverrides.ResponseCode = 'abc';",
      "request.ReturnOverrides.ResponseCode = 200.5;",
      "request.DeleteHeaders = 'X';",
      "request.SetHeaders['X-Bad'] = 'a\\r\\nb: c';",
      "undefinedFunction();",
      "Object.defineProperty(request, 'URL', {get: function () { throw 1; }});",
  };
  for (const char* body : bodies) {
    JsFixture js;
    BoundPlugin& plugin = js.loadBody(body);
    TestExchange x;
    const Result<HookVerdict> verdict = js.call(plugin, x);
    ASSERT_FALSE(verdict) << body;
    EXPECT_EQ(verdict.error().status(), 500) << body;
    EXPECT_EQ(verdict.error().message(), "Internal Server Error") << body;
    EXPECT_NE(verdict.error().detail(), "") << body;
  }
}

TEST(JsHook, TakesWhatJsonWouldMakeOfAValue) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    request.SetHeaders["X-Date"] = new Date(0);
    request.SetHeaders["X-Boxed"] = new String("boxed");
    request.SetHeaders["X-None"] = undefined;
    request.SetHeaders["X-Null"] = null;
    request.AddParams = null;
  )js");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X-Date"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(x.header("X-Boxed"), "boxed");
  EXPECT_FALSE(x.exchange.request().headers.contains("X-None"));
  EXPECT_TRUE(x.exchange.request().headers.contains("X-Null"));
}

std::shared_ptr<session::SessionState> sessionOf(std::string_view json) {
  return std::make_shared<session::SessionState>(session::SessionState::parse(json, "key").value());
}

TEST(JsHook, SharesTheSessionsMetadataWhenAsked) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var plugin = new TykJS.TykMiddleware.NewMiddleware({});
    plugin.NewProcessRequest(function (request, session, config) {
      request.SetHeaders.X = session.alias + " " + session.meta_data.user + " " + session.rate;
      session.meta_data.seen = { times: 2 };
      return plugin.ReturnData(request, session.meta_data);
    });
  )js",
                                Hook::kPostAuth, true);
  TestExchange x;
  x.exchange.session = sessionOf(R"({"alias":"bob","rate":0,"meta_data":{"user":"u1"}})");
  ASSERT_TRUE(js.call(plugin, x, Hook::kPostAuth));
  EXPECT_EQ(x.header("X"), "bob u1 undefined");
  const auto& metadata = x.exchange.session->metadata();
  ASSERT_EQ(metadata.size(), 2U);
  EXPECT_EQ(metadata[0].second, R"({"times":2})");
  EXPECT_EQ(metadata[1].second, "u1");
  EXPECT_EQ(x.exchange.session->token(), "key");
}

TEST(JsHook, WipesTheMetadataWithAnEmptyObject) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("", Hook::kPost, true);
  TestExchange x;
  x.exchange.session = sessionOf(R"({"meta_data":{"user":"u1"}})");
  ASSERT_TRUE(js.call(plugin, x, Hook::kPost));
  EXPECT_TRUE(x.exchange.session->metadata().empty());
}

TEST(JsHook, GetsNullWhereASessionIsRequiredButThereIsNone) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.SetHeaders.X = String(session);", Hook::kPost, true);
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x, Hook::kPost));
  EXPECT_EQ(x.header("X"), "null");
}

TEST(JsHook, AuthenticatesWithASessionOfItsOwn) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var plugin = new TykJS.TykMiddleware.NewMiddleware({});
    plugin.NewProcessRequest(function (request, session, config) {
      var made = plugin.ReturnAuthData(request, { alias: "bob", meta_data: { token: "t" } });
      made.AuthValue = "key-1";
      return made;
    });
  )js",
                                Hook::kAuth);
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x, Hook::kAuth));
  ASSERT_NE(x.exchange.session, nullptr);
  EXPECT_EQ(x.exchange.session->alias(), "bob");
  EXPECT_EQ(x.exchange.session->token(), "key-1");
}

TEST(JsHook, EditsTheUpstreamsAnswer) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var plugin = new TykJS.TykMiddleware.NewMiddleware({});
    plugin.NewProcessResponse(function (response, request, session, config) {
      response.SetHeaders["X-Seen"] = response.StatusCode + " " + response.Headers.Server[0] + " " +
          request.Method + " " + request.Body + " " + typeof session;
      response.DeleteHeaders.push("Server");
      if (request.Headers["X-Edit"]) { response.Body += "!"; response.StatusCode = 202; }
      return plugin.ReturnResponseData(response, {});
    });
  )js",
                                Hook::kResponse);
  TestExchange x;
  x.upstreamAnswered(200, "bytes \xff");
  ASSERT_EQ(js.call(plugin, x, Hook::kResponse).value(), HookVerdict::kContinue);
  EXPECT_EQ(x.answered("X-Seen"), "200 upstream GET null object");
  EXPECT_FALSE(x.exchange.response().headers.contains("Server"));
  EXPECT_EQ(*x.exchange.response().body(), "bytes \xff");
  x.exchange.request().headers.add("X-Edit", "1");
  x.exchange.response().headers.add("Server", "upstream");
  ASSERT_TRUE(js.call(plugin, x, Hook::kResponse));
  EXPECT_EQ(*x.exchange.response().body(), "bytes \xff!");
  EXPECT_EQ(x.exchange.response().status, 202);
}

TEST(JsHook, DropsTheAnswerWhenAResponseHookFails) {
  JsFixture js;
  BoundPlugin& plugin = js.load(
      "var plugin = new TykJS.TykMiddleware.NewMiddleware({});"
      "plugin.NewProcessResponse(function () { throw 'on purpose'; });",
      Hook::kResponse);
  TestExchange x;
  x.upstreamAnswered(200, "body");
  const Result<HookVerdict> verdict = js.call(plugin, x, Hook::kResponse);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message(), "Middleware error");
}

TEST(JsHook, AnswersAsAVirtualEndpoint) {
  JsFixture js;
  definition::VirtualEndpoint endpoint;
  endpoint.function = "answer";
  endpoint.source = js.file("v.js", R"js(
    function answer(request, session, config) {
      undeclared = request.Params.q[0] + request.Params.f[0] + request.Scheme + request.Body;
      if (request.Headers.Host) throw "Host";
      return TykJsResponse({ Body: helper(undeclared), Headers: { "x-v": "1" }, Code: 0 }, {});
      function helper(text) { return text + "!"; }
    }
  )js");
  js.api.virtual_endpoints = {endpoint};
  BoundPlugin& plugin = js.bind(js.driver->loadVirtual(endpoint, js.api).value());
  TestExchange x("POST", "/v?q=1");
  x.exchange.request().headers.add("Content-Type", "application/x-www-form-urlencoded");
  x.exchange.request().setBody("f=a+b");
  ASSERT_EQ(js.call(plugin, x, Hook::kPost).value(), HookVerdict::kRespond);
  EXPECT_EQ(x.exchange.response().status, 200);
  EXPECT_EQ(*x.exchange.response().body(), "1a bhttpf=a+b!");
  EXPECT_EQ(x.answered("X-V"), "1");
}

}  // namespace
}  // namespace tykpp::drivers
