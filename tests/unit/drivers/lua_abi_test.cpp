// The reference's Lua ABI: one test a call, table and rule.

#include "session/session_state.hpp"
#include "unit/drivers/lua_fixture.hpp"

namespace tykpp::test {
namespace {

using LuaAbi = LuaTest;
using drivers::Hook;
using drivers::HookVerdict;

TEST_F(LuaAbi, SetsAHeaderThroughTheHelper) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request, session, spec)
      tyk.req.set_header("customheader", "customvalue")
      return request, session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*verdict, HookVerdict::kContinue);
  EXPECT_EQ(fx.header("Customheader"), "customvalue");
}

TEST_F(LuaAbi, ShowsTheFirstValueOfHeadersUnderCanonicalNames) {
  TestExchange fx;
  fx.exchange.request().headers.add("x-api-key", "one");
  fx.exchange.request().headers.add("X-Api-Key", "two");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request, session, spec)
      request.set_headers = {Seen = request.headers["X-Api-Key"], Host2 = request.headers.Host}
      return request, session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("Seen"), "one");
  EXPECT_EQ(fx.header("Host2"), "example.org");
}

TEST_F(LuaAbi, HelperReadsHeaders) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      tyk.req.set_header("Seen", tyk.req.get_headers()["Host"])
      assert(tyk.req.start_time() == nil and tyk.req.http_version() == nil)
      assert(next(tyk.session) == nil and tyk.header == nil)
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("Seen"), "example.org");
}

TEST_F(LuaAbi, ClearHeaderTakesSeveralNames) {
  TestExchange fx;
  for (const char* name : {"One", "Two", "Three"}) fx.exchange.request().headers.add(name, "v");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      tyk.req.clear_header("one") tyk.req.clear_header("Two")
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("One"), "");
  EXPECT_EQ(fx.header("Two"), "");
  EXPECT_EQ(fx.header("Three"), "v");
}

TEST_F(LuaAbi, TablesShowWhatTheHelpersAskedFor) {
  TestExchange fx;
  fx.exchange.request().headers.add("Gone", "v");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.set_headers == nil and request.delete_headers == nil)
      tyk.req.set_header("First", "1") tyk.req.set_header("First", "2")
      tyk.req.clear_header("Gone")
      assert(request.set_headers.First == "2" and request.delete_headers[1] == "Gone")
      request.set_headers.First = nil
      tyk.req.set_header("Second", "3")
      assert(request.set_headers.Second == "3" and request.set_headers.First == nil)
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("First"), "");
  EXPECT_EQ(fx.header("Second"), "3");
  EXPECT_EQ(fx.header("Gone"), "");
}

TEST_F(LuaAbi, ATableOfItsOwnTakesThePlaceOfWhatTheHelpersAskedFor) {
  for (const char* rest :
       {"request.set_headers = {New = 'n'} return request", "return {set_headers = {New = 'n'}}"}) {
    TestExchange fx;
    const auto verdict = run(
        Hook::kPre,
        "function Hook(request) tyk.req.set_header('Old', 'o') " + std::string(rest) + " end", fx);
    ASSERT_TRUE(verdict) << why(verdict);
    EXPECT_EQ(fx.header("Old"), "") << rest;
    EXPECT_EQ(fx.header("New"), "n") << rest;
  }
}

TEST_F(LuaAbi, HelpersWorkWithoutParametersAndForManyHeaders) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook()
      for i = 1, 100 do tyk.req.set_header("H" .. i, tostring(i)) end
      tyk.req.set_header("Long", ("x"):rep(5000))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("H1"), "1");
  EXPECT_EQ(fx.header("H100"), "100");
  EXPECT_EQ(fx.header("Long").size(), 5000U);

  TestExchange one;
  ASSERT_TRUE(run(Hook::kPre, "function Hook() tyk.req.set_header('A', 'b') end", one));
  EXPECT_EQ(one.header("A"), "b");
}

TEST_F(LuaAbi, ParametersChangeTheQuery) {
  TestExchange fx("GET", "/p?a=1&b=2&c=x+y");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.params.c == "x y")
      request.delete_params = {"a"}
      request.add_params = {d = "4"}
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().query, "b=2&c=x+y&d=4");
}

TEST_F(LuaAbi, UrlAndMethodCount) {
  TestExchange fx("GET", "/p?a=1");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.url == "/p?a=1" and request.request_uri == "/p?a=1")
      assert(request.method == "GET" and request.scheme == "http")
      request.url = "/q?z=9"
      request.method = "PUT"
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().path, "/q");
  EXPECT_EQ(fx.exchange.request().query, "a=1");  // only the parameter lists change the query
  EXPECT_EQ(fx.exchange.request().method, "PUT");
}

TEST_F(LuaAbi, EmptyFieldsAreAbsent) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request, session, spec)
      for _, name in ipairs {"set_headers", "delete_headers", "body", "raw_body", "params", "add_params",
          "extended_params", "delete_params", "anything"} do
        assert(request[name] == nil, name)
      end
      assert(session == nil and request.return_overrides.response_code == -1)
      return request, session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
}

TEST_F(LuaAbi, RawBodyIsBase64AndCounts) {
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("hello");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.body == "hello" and request.raw_body == "aGVsbG8=")
      request.raw_body = "d29ybGQ="
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*fx.exchange.request().body(), "world");
}

TEST_F(LuaAbi, ChangedBodyCountsWhenRawBodyWasLeftAlone) {
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("hello");
  ASSERT_TRUE(run(Hook::kPre, "function Hook(r) r.body = r.body:upper() return r end", fx));
  EXPECT_EQ(*fx.exchange.request().body(), "HELLO");
}

TEST_F(LuaAbi, ARemovedRawBodyEmptiesTheBody) {
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("hello");
  ASSERT_TRUE(run(Hook::kPre, "function Hook(r) r.raw_body = nil return r end", fx));
  EXPECT_EQ(*fx.exchange.request().body(), "");
}

TEST_F(LuaAbi, BodyThatIsNoTextIsRawAlone) {
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("\xff\xfe");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.body == nil and request.raw_body == "//4=")
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*fx.exchange.request().body(), "\xff\xfe");
}

TEST_F(LuaAbi, RawBodyOnlyLeavesBodyOut) {
  raw_body_only = true;
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("hello");
  const auto verdict =
      run(Hook::kPre,
          "function Hook(r) assert(r.body == nil and r.raw_body == 'aGVsbG8=') return r end", fx);
  ASSERT_TRUE(verdict) << why(verdict);
}

TEST_F(LuaAbi, SpecNamesTheApi) {
  api.config_data = R"({"colour":"blue"})";
  api.bundle.hash = "abc";
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    local cjson = require "cjson"
    function Hook(request, session, spec)
      assert(spec.OrgID == "org" and spec.APIID == "api" and spec.bundle_hash == "abc")
      assert(cjson.decode(spec.config_data).colour == "blue")
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
}

TEST_F(LuaAbi, ObjectHasEverything) {
  TestExchange fx("GET", "/o");
  const auto verdict = run(Hook::kPost, R"(
    function Hook(request, session, spec)
      assert(object.request == request and object.spec == spec and object.session == nil)
      assert(object.hook_name == "Hook" and object.hook_type == 2)
      object.request.set_headers = {A = "1"}
      return object.request, object.session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("A"), "1");
}

TEST_F(LuaAbi, ReturningNothingIsAFailure) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, "function Hook(request, session) end", fx);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 500);
  EXPECT_EQ(verdict.error().message(), "Middleware error");
}

TEST_F(LuaAbi, OverridesBelow400AnswerAsTheyAre) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      request.return_overrides.response_code = 202
      request.return_overrides.response_body = "later"
      request.return_overrides.headers = {["X-Why"] = "lua"}
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*verdict, HookVerdict::kRespond);
  EXPECT_EQ(fx.exchange.response().status, 202);
  EXPECT_EQ(*fx.exchange.response().body(), "later");
  EXPECT_EQ(fx.answered("X-Why"), "lua");
}

TEST_F(LuaAbi, OverridesFrom400RefuseWithTheErrorDocument) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      request.return_overrides = {response_code = 401, response_error = "go away"}
      return request
    end)",
                           fx);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 401);
  EXPECT_EQ(verdict.error().message(), "go away");
}

TEST_F(LuaAbi, AuthWithThreeParametersSetsTheTokenInTheSession) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, R"(
    function Hook(request, session, spec)
      assert(spec.APIID == "api")
      session.metadata.token = "key-1"
      session.alias = "joe"
      session.tags = {}
      return request, session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  ASSERT_NE(fx.exchange.session, nullptr);
  EXPECT_EQ(fx.exchange.session->token(), "key-1");
}

TEST_F(LuaAbi, AuthWithFourParametersGetsMetadata) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, R"(
    function Hook(request, session, metadata, spec)
      assert(spec.APIID == "api")
      metadata.token = "key-2"
      metadata.who = "me"
      return request, session, metadata
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  ASSERT_NE(fx.exchange.session, nullptr);
  EXPECT_EQ(fx.exchange.session->token(), "key-2");
  EXPECT_EQ(fx.exchange.session->metadata().size(), 2U);
}

TEST_F(LuaAbi, AuthTakesASessionMadeFromScratch) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, R"(
    function Hook(request, session, spec)
      return request, {alias = "joe", metadata = {token = "key-3"}}
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.session->alias(), "joe");
}

TEST_F(LuaAbi, AuthWithoutATokenIsForbidden) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, "function Hook(r, s) return r, s end", fx);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "Forbidden");
}

TEST_F(LuaAbi, AuthThatFailsRefusesTheKey) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, "function Hook(r, s) error('no') end", fx);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(verdict.error().message(), "Key not authorised");
}

TEST_F(LuaAbi, PostAuthReadsTheSession) {
  TestExchange fx;
  fx.exchange.session = std::make_shared<session::SessionState>(
      *session::SessionState::parse(R"({"alias":"joe","meta_data":{"plan":"gold"}})", "k"));
  const auto verdict = run(Hook::kPostAuth, R"(
    function Hook(request, session, spec)
      assert(session.alias == "joe" and session.metadata.plan == "gold" and session.key_id == "k")
      local names = 0
      for _ in pairs(session) do names = names + 1 end
      assert(names >= 3, names)
      session.alias = "ignored"
      tyk.req.set_header("Plan", session.metadata.plan)
      return request, session
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("Plan"), "gold");
  EXPECT_EQ(fx.exchange.session->alias(), "joe");
}

TEST_F(LuaAbi, ResponseHookEditsTheAnswer) {
  TestExchange fx("GET", "/r");
  fx.upstreamAnswered(200, "hello");
  fx.exchange.response().headers.add("Set-Cookie", "a=1");
  fx.exchange.response().headers.add("Set-Cookie", "b=2");
  const auto verdict = run(Hook::kResponse, R"(
    function Hook(request, response, session, metadata, spec)
      assert(request.url == "/r" and spec.APIID == "api" and next(session) == nil)
      assert(response.status_code == 200 and response.body == "hello")
      assert(response.headers["Set-Cookie"] == "a=1")
      response.headers["X-New"] = "1"
      response.headers.Server = nil
      response.body = "HELLO"
      response.status_code = 201
      return response
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.response().status, 201);
  EXPECT_EQ(*fx.exchange.response().body(), "HELLO");
  EXPECT_EQ(fx.answered("X-New"), "1");
  EXPECT_EQ(fx.answered("Server"), "");
  int cookies = 0;
  for (const auto& field : fx.exchange.response().headers) {
    cookies += field.id == http::HeaderId::kSetCookie ? 1 : 0;
  }
  EXPECT_EQ(cookies, 2);
}

TEST_F(LuaAbi, ResponseHookChangesMultivalueHeaders) {
  TestExchange fx;
  fx.upstreamAnswered(200, "hello");
  const auto verdict = run(Hook::kResponse, R"(
    function Hook(request, response)
      local all = response.multivalue_headers
      all[#all + 1] = {key = "Set-Cookie", values = {"a=1", "b=2"}}
      return response
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.answered("Set-Cookie"), "a=1");
  EXPECT_EQ(fx.answered("Server"), "upstream");
}

TEST_F(LuaAbi, ResponseHookWithoutAResponseFails) {
  TestExchange fx;
  fx.upstreamAnswered(200, "hello");
  const auto verdict = run(Hook::kResponse, "function Hook(request, response) end", fx);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message(), "Middleware error");
}

TEST_F(LuaAbi, AnUntouchedAnswerStaysAsItIs) {
  TestExchange fx;
  fx.upstreamAnswered(204, "");
  ASSERT_TRUE(run(Hook::kResponse, "function Hook(q, response) return response end", fx));
  EXPECT_EQ(fx.exchange.response().status, 204);
  EXPECT_EQ(fx.answered("Server"), "upstream");
}

TEST_F(LuaAbi, CjsonSeesAllFieldsAndItsListsAreAccepted) {
  TestExchange fx("POST", "/j?a=1");
  fx.exchange.request().setBody("hello");
  const auto verdict = run(Hook::kPre, R"(
    local cjson = require "cjson"
    function Hook(request, session, spec)
      local copy = cjson.decode(cjson.encode({r = request, s = spec}))
      assert(copy.r.url == "/j?a=1" and copy.r.raw_body == "aGVsbG8=" and copy.s.APIID == "api")
      copy.r.delete_headers = cjson.decode("{}")
      copy.r.set_headers = {Copied = "yes"}
      copy.r.add_params = cjson.null
      return copy.r
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.header("Copied"), "yes");
  EXPECT_EQ(*fx.exchange.request().body(), "hello");
}

TEST_F(LuaAbi, PairsAndNextAndRawgetSeeAllFields) {
  for (const char* look :
       {"for k in pairs(request) do seen[k] = true end",
        "local k = next(request) while k do seen[k] = true k = next(request, k) end",
        "for _, k in ipairs{'url','method','headers'} do seen[k] = rawget(request, k) ~= nil "
        "end"}) {
    TestExchange fx;
    const auto verdict = run(Hook::kPre,
                             "function Hook(request) local seen = {} " + std::string(look) +
                                 " assert(seen.url and seen.method and seen.headers)"
                                 " return request end",
                             fx);
    EXPECT_TRUE(verdict) << look << why(verdict);
  }
}

TEST_F(LuaAbi, RequestIsAPlainTableToItsPlugin) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      request.method = nil
      assert(request.method == nil and rawget(request, "method") == nil)
      request.own = 7
      assert(request.own == 7 and type(request) == "table")
      setmetatable(request, {__index = function() return "x" end})
      assert(request.url == "/" and request.nothing == "x")
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().method, "GET");
}

}  // namespace
}  // namespace tykpp::test
