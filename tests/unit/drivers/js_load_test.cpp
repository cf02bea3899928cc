// Loading: what is found, in which order, and what is said about what is not.

#include <gtest/gtest.h>

#include "common/js_fixture.hpp"

namespace tykpp::drivers {
namespace {

using test::JsFixture;
using test::TestExchange;

constexpr std::string_view kGood =
    "var good = new TykJS.TykMiddleware.NewMiddleware({});"
    "good.NewProcessRequest(function (r, s, c) { r.SetHeaders.X = String(typeof other); return "
    "good.ReturnData(r, {}); });";

std::string loadError(JsFixture& js, const definition::PluginRef& ref, Hook hook = Hook::kPre) {
  const auto loaded = js.driver->load(ref, hook, js.api);
  if (loaded) return "";
  EXPECT_EQ(loaded.error().code(), Errc::kBadPlugin);
  return loaded.error().message();
}

TEST(JsLoad, SaysWhatIsWrongWithAFile) {
  JsFixture js;
  const auto broken = js.ref("broken", js.file("broken.js", "var x = ;"));
  const auto missing = js.ref("good", "/nonexistent/nosuch.js");
  const auto text = js.ref("good", js.file("good.txt", kGood));
  const auto throws = js.ref("late", js.file("throws.js", "throw new Error('on purpose');"));
  const auto absent = js.ref("absent", js.file("good.js", kGood));
  const auto good = js.ref("good", js.file("good.js", kGood));
  js.api.hooks.pre = {broken, missing, text, throws, absent, good};
  EXPECT_NE(loadError(js, broken).find("Failed to load JS middleware"), std::string::npos);
  EXPECT_NE(loadError(js, broken).find("broken.js:1"), std::string::npos) << loadError(js, broken);
  EXPECT_NE(loadError(js, throws).find("on purpose"), std::string::npos);
  EXPECT_NE(loadError(js, absent).find("Failed to run JS middleware: absent"), std::string::npos);
  // The good file counts although its neighbours are broken, also for entries with a broken path.
  EXPECT_EQ(loadError(js, good), "");
  EXPECT_EQ(loadError(js, missing), "");
}

TEST(JsLoad, SaysWhichFileIsMissingOrOfAnotherKind) {
  JsFixture js;
  const auto missing = js.ref("good", "/nonexistent/nosuch.js");
  js.api.hooks.pre = {missing};
  EXPECT_EQ(loadError(js, missing), "Failed to open JS middleware file: /nonexistent/nosuch.js");
  const auto text = js.ref("good", js.file("good.txt", kGood));
  js.api.hooks.pre = {text};
  EXPECT_EQ(loadError(js, text), "Unsupported extension '.txt' (" + text.path + ")");
}

TEST(JsLoad, RefusesAFunctionWithoutTheHooksMethod) {
  JsFixture js;
  const auto plain = js.ref("plain", js.file("plain.js", "function plain() {}"));
  js.api.hooks.response = {plain};
  EXPECT_NE(loadError(js, plain, Hook::kResponse).find("DoProcessResponse"), std::string::npos);
}

TEST(JsLoad, EndsAScriptThatNeverEnds) {
  js::JsOptions options;
  options.timeout = std::chrono::milliseconds(100);
  JsFixture js(options);
  const auto endless = js.ref("x", js.file("endless.js", "while (true) {}"));
  js.api.hooks.pre = {endless};
  EXPECT_NE(loadError(js, endless).find("the time is up"), std::string::npos);
}

TEST(JsLoad, ReadsAFileAgainWhenItHasChanged) {
  JsFixture js;
  for (const char* value : {"1", "2"}) {
    BoundPlugin& plugin = js.loadBody("request.SetHeaders.X = '" + std::string(value) + "';");
    TestExchange x;
    ASSERT_TRUE(js.call(plugin, x));
    EXPECT_EQ(x.header("X"), value);
  }
  TestExchange old;
  ASSERT_TRUE(js.call(*js.bound.front(), old));
  EXPECT_EQ(old.header("X"), "1");
}

TEST(JsLoad, SharesOneScopeInTheReferencesOrder) {
  JsFixture js;
  definition::VirtualEndpoint endpoint;
  endpoint.function = "v";
  endpoint.source = js.file("v.js", "var order = ['virtual']; function v() {}");
  js.api.virtual_endpoints = {endpoint};
  const auto one = [&](const char* name) {
    return js.ref(name, js.file(std::string(name) + ".js",
                                "order.push('" + std::string(name) + "'); var " + name +
                                    " = new TykJS.TykMiddleware.NewMiddleware({}); " + name +
                                    ".NewProcessRequest(function (r) { r.SetHeaders.X = "
                                    "order.join(); return " +
                                    name + ".ReturnData(r, {}); });"));
  };
  js.api.hooks.pre = {one("pre1"), one("pre2")};
  js.api.hooks.auth = one("auth");
  js.api.hooks.post = {one("post")};
  js.api.hooks.post_auth = {one("postauth")};
  js.api.hooks.response = {one("response")};
  BoundPlugin& plugin = js.bind(js.driver->load(js.api.hooks.pre[0], Hook::kPre, js.api).value());
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "virtual,auth,pre1,pre2,post,postauth,response");
}

TEST(JsLoad, BundlesOfOneApiHaveScopesOfTheirOwn) {
  JsFixture js;
  js.api.bundle.parts = {{"a.zip", "/a", {}}, {"b.zip", "/b", {}}};
  for (const std::string owner : {"a", "b"}) {
    auto ref = js.ref("mark", js.file(owner + "-mark.js",
                                      "var seen = typeof owner; var owner = '" + owner +
                                          "'; var mark = new TykJS.TykMiddleware.NewMiddleware({});"
                                          "mark.NewProcessRequest(function (r) { r.SetHeaders.X = "
                                          "owner + seen; return mark.ReturnData(r, {}); });"));
    ref.bundle = owner == "a" ? 0 : 1;
    js.api.hooks.pre.push_back(ref);
  }
  for (const auto& [index, text] : {std::pair(0, "aundefined"), std::pair(1, "bundefined")}) {
    const auto& ref = js.api.hooks.pre[static_cast<std::size_t>(index)];
    BoundPlugin& plugin = js.bind(js.driver->load(ref, Hook::kPre, js.api).value());
    TestExchange x;
    ASSERT_TRUE(js.call(plugin, x));
    EXPECT_EQ(x.header("X"), text);
  }
}

TEST(JsLoad, RunsTheUsersScriptFirstWithoutTheApiFunctions) {
  js::JsOptions options;
  char path[] = "/tmp/tykpp-js-user-XXXXXX";
  ::close(::mkstemp(path));
  std::ofstream(path) << "var early = typeof log + typeof TykJS; function mine() { return 'mine'; }"
                         "log('aborts'); var never = 1;";
  options.tyk_js_path = path;
  JsFixture js(options);
  BoundPlugin& plugin =
      js.loadBody("request.SetHeaders.X = [early, mine(), typeof never, typeof log].join();");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "undefinedobject,mine,undefined,function");
  std::ofstream(path) << "var early = 'changed'; function mine() {}";
  BoundPlugin& again = js.loadBody("request.SetHeaders.X = early;");
  TestExchange y;
  ASSERT_TRUE(js.call(again, y));
  EXPECT_EQ(y.header("X"), "changed");
  TestExchange z;
  ASSERT_TRUE(js.call(plugin, z));
  EXPECT_EQ(z.header("X"), "undefinedobject,mine,undefined,function");
  std::filesystem::remove(path);
}

TEST(JsLoad, HasUnderscoreMentionedOrNot) {
  JsFixture js;
  BoundPlugin& mentioned =
      js.loadBody("request.SetHeaders.X = _.uniq([1, 1, 2]).join() + typeof _;");
  TestExchange x;
  ASSERT_TRUE(js.call(mentioned, x));
  EXPECT_EQ(x.header("X"), "1,2function");
  BoundPlugin& lazy = js.loadBody(
      "var name = String.fromCharCode(95); request.SetHeaders.X = "
      "String(eval(name + '.max([1, 3])')) + eval('typeof ' + name);");
  TestExchange z;
  ASSERT_TRUE(js.call(lazy, z));
  EXPECT_EQ(z.header("X"), "3function");
}

TEST(JsLoad, OffersTheLanguageOfTheReference) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    var out = [Object.values({ a: 1, b: 2 }).join(""), "abc".startsWith("ab"), "  x ".trimLeft() + "|",
        " x  ".trimRight() + "|", "\u00a0x".trimStart(), "x\u2003".trimEnd(), Math.cosh(0), Math.trunc(-1.5),
        Math.log10(1000), Math.log2(8), Math.cbrt(27), Math.log1p(0), Math.expm1(0), Math.sinh(0),
        Math.asinh(0), Math.acosh(1), Math.atanh(0), Math.tanh(0), new Date(0).toGMTString(),
        new Date(0).getYear(), /a/.compile("b").test("b"), typeof console.log, console.assert(false),
        typeof Duktape, typeof Proxy, typeof Symbol, typeof Uint8Array];
    console.log("a line", 1, {});
    request.SetHeaders.X = out.map(String).join(" ");
  )js");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"),
            "12 true x |  x| x x 1 -1 3 3 3 0 0 0 0 0 0 0 Thu, 01 Jan 1970 00:00:00 GMT 70 true "
            "function undefined undefined undefined undefined undefined");
}

TEST(JsLoad, EncodesAndDecodesBase64) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    request.SetHeaders.X = [b64enc("a"), rawb64enc("a"), b64dec("aGk="), b64dec("aGk"), rawb64dec("aGk"),
        rawb64dec("aGk="), b64dec("!"), b64dec("_-8="), b64enc(b64dec("/wA=")), b64enc(5),
        b64enc(request.Body), log("x"), rawlog("x")].map(String).join(" ");
  )js");
  TestExchange x("POST", "/");
  x.exchange.request().setBody("\xff\xfe\x80");
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"),
            "YQ== YQ hi hi hi undefined undefined undefined /wA= NQ== //6A undefined undefined");
}

TEST(JsLoad, KnowsNoKeysYet) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(
      "request.SetHeaders.X = JSON.parse(TykGetKeyData('k', 'a')).message + TykSetKeyData('k', "
      "'{}');");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "Key not foundundefined");
}

TEST(JsLoad, SaysThatTheEngineIsOff) {
  JsFixture js;
  js.options.enabled = false;
  js.driver = std::make_unique<js::JsDriver>(js.options, js.workers);
  const auto good = js.ref("good", js.file("good.js", kGood));
  js.api.hooks.pre = {good};
  EXPECT_EQ(loadError(js, good), "JSVM isn't enabled/initialized, check your gateway settings");
  EXPECT_EQ(js.driver->brokenAnswer(Hook::kPre).message(), "Middleware error");
}

TEST(JsLoad, NewerJavaScriptIsNotBuilt) {
  JsFixture js;
  js::NewerJsDriver newer;
  auto ref = js.ref("x", "x.js");
  ref.driver = "javascript";
  const auto loaded = newer.load(ref, Hook::kPre, js.api);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::kNotBuilt);
  EXPECT_NE(loaded.error().message().find("ES2015"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::drivers
