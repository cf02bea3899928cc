// The `tykpp` table: one test a function.

#include "session/session_state.hpp"
#include "unit/drivers/lua_fixture.hpp"

namespace tykpp::test {
namespace {

using LuaApi = LuaTest;
using drivers::Hook;
using drivers::HookVerdict;

void withSession(TestExchange& fx) {
  auto parsed =
      session::SessionState::parse(R"({"alias":"joe","meta_data":{"plan":"gold","n":3}})", "key");
  ASSERT_TRUE(parsed);
  fx.exchange.session = std::make_shared<session::SessionState>(*parsed);
}

TEST_F(LuaApi, RequestHeaders) {
  TestExchange fx;
  fx.exchange.request().headers.add("A", "1");
  fx.exchange.request().headers.add("a", "2");
  fx.exchange.request().headers.add("Gone", "x");
  const auto verdict = run(Hook::kPre, R"(
    function Hook()
      local req = tykpp.req
      assert(req.get_header("a") == "1" and req.get_header("none") == nil)
      local all = req.get_headers()
      assert(all.Host == "example.org")
      req.set_header("x-set", "s")
      req.add_header("x-add", "1")
      req.add_header("x-add", 2)
      req.clear_header("gone")
      req.set_header("A", nil)
      assert(not pcall(req.set_header, "bad name", "v"))
      assert(not pcall(req.set_header, "Name", "v\r\nX: y"))
      assert(not pcall(req.set_header, {}, "v"))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*verdict, HookVerdict::kContinue);
  EXPECT_EQ(fx.header("X-Set"), "s");
  EXPECT_EQ(fx.header("X-Add"), "1");
  EXPECT_EQ(fx.header("Gone"), "");
  EXPECT_EQ(fx.header("A"), "");
}

TEST_F(LuaApi, RequestLine) {
  TestExchange fx("GET", "/a%20b?x=1&y=2");
  const auto verdict = run(Hook::kPre, R"(
    function Hook()
      local req = tykpp.req
      assert(req.get_method() == "GET" and req.get_uri() == "/a%20b?x=1&y=2" and req.get_path() == "/a b")
      assert(req.get_params().x == "1" and req.get_host() == "example.org")
      assert(req.get_scheme() == "http" and req.get_remote_addr() == "192.0.2.7")
      req.set_method("POST")
      req.set_uri("/new?x=1&y=2")
      req.set_param("x", "one two")
      req.set_param("y", nil)
      assert(not pcall(req.set_method, "A B") and not pcall(req.set_uri, "nowhere"))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().method, "POST");
  EXPECT_EQ(fx.exchange.request().path, "/new");
  EXPECT_EQ(fx.exchange.request().query, "x=one+two");
}

TEST_F(LuaApi, RequestBody) {
  TestExchange fx("POST", "/");
  fx.exchange.request().setBody("in\0out");
  ASSERT_TRUE(
      run(Hook::kPre, "function Hook() tykpp.req.set_body(tykpp.req.get_body():upper()) end", fx));
  EXPECT_EQ(*fx.exchange.request().body(), "IN");
  TestExchange empty;
  ASSERT_TRUE(run(Hook::kPre, "function Hook() assert(tykpp.req.get_body() == '') end", empty));
}

TEST_F(LuaApi, BothWaysInOneFunction) {
  TestExchange fx("POST", "/one");
  fx.exchange.request().setBody("table");
  const auto verdict = run(Hook::kPre, R"(
    function Hook(request)
      assert(request.url == "/one" and request.body == "table" and request.method == "POST")
      tykpp.req.set_uri("/two")
      tykpp.req.set_method("PUT")
      tykpp.req.set_body("direct")
      tyk.req.set_header("A", "1")
      return request
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().path, "/two");
  EXPECT_EQ(fx.exchange.request().method, "PUT");
  EXPECT_EQ(*fx.exchange.request().body(), "direct");
  EXPECT_EQ(fx.header("A"), "1");
}

TEST_F(LuaApi, Response) {
  TestExchange fx;
  fx.upstreamAnswered(200, "body");
  const auto verdict = run(Hook::kResponse, R"(
    function Hook()
      local resp = tykpp.resp
      assert(resp.get_status() == 200 and resp.get_body() == "body")
      assert(resp.get_header("server") == "upstream" and resp.get_headers().Server == "upstream")
      resp.set_status(203)
      resp.set_header("Server", "lua")
      resp.add_header("Set-Cookie", "a=1")
      resp.add_header("Set-Cookie", "b=2")
      assert(resp.get_headers()["Set-Cookie"][2] == "b=2")
      resp.set_body("new")
      assert(not pcall(resp.set_status, 99))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.response().status, 203);
  EXPECT_EQ(*fx.exchange.response().body(), "new");
  EXPECT_EQ(fx.answered("Server"), "lua");
}

TEST_F(LuaApi, ThereIsNoResponseBeforeTheUpstreamAnswered) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, "function Hook() tykpp.resp.get_status() end", fx);
  ASSERT_FALSE(verdict);
  EXPECT_NE(why(verdict).find("response hooks"), std::string::npos);
}

TEST_F(LuaApi, ExitAnswersAtOnce) {
  for (const char* how : {"tykpp.exit(418, 'teapot', {A = '1', B = {'2', '3'}})",
                          "pcall(tykpp.exit, 418, 'teapot', {A = '1'})"}) {
    TestExchange fx;
    const auto verdict =
        run(Hook::kPre, "function Hook(request) " + std::string(how) + " return request end", fx);
    ASSERT_TRUE(verdict) << why(verdict);
    EXPECT_EQ(*verdict, HookVerdict::kRespond);
    EXPECT_EQ(fx.exchange.response().status, 418);
    EXPECT_EQ(*fx.exchange.response().body(), "teapot");
    EXPECT_EQ(fx.answered("A"), "1");
  }
  EXPECT_EQ(eval("(function() local ok = pcall(tykpp.exit, 99) return ok end)()"), "false");
}

TEST_F(LuaApi, ExitDoesNotFrameTheMessage) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook()
      tykpp.exit(200, "body", {["content-length"] = "1", ["Transfer-Encoding"] = "chunked", ["x-ok"] = "1"})
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.answered("Content-Length"), "");
  EXPECT_EQ(fx.answered("Transfer-Encoding"), "");
  EXPECT_EQ(fx.answered("X-Ok"), "1");
}

TEST_F(LuaApi, ExitInAResponseHookReplacesTheAnswer) {
  TestExchange fx;
  fx.upstreamAnswered(200, "secret");
  const auto verdict = run(Hook::kResponse, "function Hook() tykpp.exit(502, 'no') end", fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*verdict, HookVerdict::kRespond);
  EXPECT_EQ(*fx.exchange.response().body(), "no");
  EXPECT_EQ(fx.answered("Server"), "");
}

TEST_F(LuaApi, SessionIsReadAndItsMetadataWritten) {
  TestExchange fx;
  withSession(fx);
  const auto verdict = run(Hook::kPostAuth, R"(
    function Hook()
      local s = tykpp.session.get()
      assert(s.alias == "joe" and s.metadata.plan == "gold")
      assert(tykpp.session.get_metadata("plan") == "gold" and tykpp.session.get_metadata("n") == "3")
      assert(tykpp.session.get_metadata("none") == nil)
      tykpp.session.set_metadata("plan", "lead")
      tykpp.session.set_metadata("n", nil)
      assert(not pcall(tykpp.session.set, {token = "x"}))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  ASSERT_EQ(fx.exchange.session->metadata().size(), 1U);
  EXPECT_EQ(fx.exchange.session->metadata()[0].second, "lead");
  EXPECT_EQ(fx.exchange.session->token(), "key");
}

TEST_F(LuaApi, WithoutASessionThereIsNone) {
  TestExchange fx;
  const auto verdict = run(Hook::kPre, R"(
    function Hook()
      assert(tykpp.session.get() == nil and tykpp.session.get_metadata("x") == nil)
      assert(not pcall(tykpp.session.set_metadata, "a", "b"))
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
}

TEST_F(LuaApi, AuthHookMakesASession) {
  TestExchange fx;
  const auto verdict = run(Hook::kAuth, R"(
    function Hook()
      assert(not pcall(tykpp.session.set, {}))
      tykpp.session.set{token = "t-1", alias = "ann", metadata = {plan = "free"}}
    end)",
                           fx);
  ASSERT_TRUE(verdict) << why(verdict);
  ASSERT_NE(fx.exchange.session, nullptr);
  EXPECT_EQ(fx.exchange.session->token(), "t-1");
  EXPECT_EQ(fx.exchange.session->alias(), "ann");
}

TEST_F(LuaApi, ConfigIsTheDecodedConfigData) {
  api.config_data = R"({"colour":"blue","list":[1,2],"deep":{"on":true,"off":null}})";
  EXPECT_EQ(eval("tykpp.config.colour == 'blue' and tykpp.config.list[2] == 2 and "
                 "tykpp.config.deep.on and tykpp.config.deep.off == nil"),
            "true");
}

TEST_F(LuaApi, ConfigIsEmptyWithoutConfigData) { EXPECT_EQ(eval("next(tykpp.config)"), "nil"); }

TEST_F(LuaApi, LogTakesALevelAndValues) {
  for (const char* level : {"debug", "info", "warn", "error"}) {
    EXPECT_EQ(eval("tykpp.log('" + std::string(level) + "', 'a', 1, nil, true, {}) == nil"),
              "true");
  }
  EXPECT_EQ(eval("pcall(tykpp.log, 'loud', 'x')"), "false");
}

TEST_F(LuaApi, NowIsTheWallClock) {
  EXPECT_EQ(eval("math.abs(tykpp.now() - os.time()) < 2"), "true");
}

TEST_F(LuaApi, Base64) {
  EXPECT_EQ(eval("tykpp.encode_base64('a\\0b') == 'YQBi'"), "true");
  EXPECT_EQ(eval("tykpp.decode_base64('YQBi') == 'a\\0b'"), "true");
  EXPECT_EQ(eval("tykpp.decode_base64('YQ==') == 'a' and tykpp.decode_base64('YWI') == 'ab'"),
            "true");
  EXPECT_EQ(eval("tykpp.decode_base64('!') == nil and tykpp.decode_base64('A') == nil"), "true");
  EXPECT_EQ(eval("tykpp.encode_base64('') == '' and tykpp.decode_base64('') == ''"), "true");
}

TEST_F(LuaApi, StoreRefusesBadKeysAndTimes) {
  EXPECT_EQ(eval("pcall(tykpp.store.get, '')"), "false");
  EXPECT_EQ(eval("pcall(tykpp.store.get, ('k'):rep(2000))"), "false");
  EXPECT_EQ(eval("pcall(tykpp.store.set, 'k', 'v', -1)"), "false");
  EXPECT_EQ(eval("pcall(tykpp.store.set, 'k')"), "false");
}

TEST_F(LuaApi, FetchRefusesWhatIsNoRequest) {
  for (const char* wrong : {"", "'http://a'", "{}", "{url = 'http://a', timeout = -1}",
                            "{url = 'http://a', headers = 7}", "{url = {}}"}) {
    EXPECT_EQ(eval("pcall(tykpp.http.fetch" + std::string(*wrong != 0 ? ", " : "") + wrong + ")"),
              "false")
        << wrong;
  }
}

TEST_F(LuaApi, NoBodyIsForTheMainPart) { EXPECT_EQ(eval("pcall(tykpp.no_body, 'Hook')"), "false"); }

}  // namespace
}  // namespace tykpp::test
