// Calls leave nothing behind, and no script holds its worker or takes the gateway down.

#include <gtest/gtest.h>

#include "common/js_fixture.hpp"

namespace tykpp::drivers {
namespace {

using test::JsFixture;
using test::Running;
using test::TestExchange;
using Verdict = Result<HookVerdict>;

TEST(JsIsolation, NothingThatACallChangesIsSeenByTheNext) {
  JsFixture js;
  BoundPlugin& plugin = js.load(R"js(
    var counter = { n: 0 };
    var closure = (function () { var n = 0; return function () { return ++n; }; })();
    var plugin = new TykJS.TykMiddleware.NewMiddleware({});
    plugin.NewProcessRequest(function (request, session, config) {
      counter.n++;
      Array.prototype.leaked = (Array.prototype.leaked || 0) + 1;
      fresh = typeof fresh === "undefined" ? 1 : fresh + 1;
      config.seen = (config.seen || 0) + 1;
      TykJS.TykMiddleware.NewMiddleware.prototype.extra = (plugin.extra || 0) + 1;
      request.SetHeaders.X = [counter.n, closure(), Array.prototype.leaked, fresh, config.seen,
          plugin.extra].join();
      delete String.prototype.trim;
      return plugin.ReturnData(request, {});
    });
  )js");
  for (int i = 0; i < 3; ++i) {
    TestExchange x;
    ASSERT_TRUE(js.call(plugin, x));
    EXPECT_EQ(x.header("X"), "1,1,1,1,1,1");
  }
}

TEST(JsIsolation, CallsGetDifferentRandomNumbers) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody("request.SetHeaders.X = String(Math.random());");
  TestExchange a;
  TestExchange b;
  ASSERT_TRUE(js.call(plugin, a));
  ASSERT_TRUE(js.call(plugin, b));
  EXPECT_NE(a.header("X"), b.header("X"));
}

TEST(JsIsolation, ApisHaveScopesOfTheirOwn) {
  JsFixture js;
  BoundPlugin& first = js.loadBody("request.SetHeaders.X = config.APIID;");
  js.api.api_id = "api-2";
  BoundPlugin& second = js.loadBody("request.SetHeaders.X = config.APIID + '!';");
  for (int i = 0; i < 2; ++i) {
    TestExchange a;
    TestExchange b;
    ASSERT_TRUE(js.call(first, a));
    ASSERT_TRUE(js.call(second, b));
    EXPECT_EQ(a.header("X"), "api-1");
    EXPECT_EQ(b.header("X"), "api-2!");
  }
}

/// Whatever a script does, the next call works.
class JsLimits : public ::testing::TestWithParam<const char*> {};

TEST_P(JsLimits, EndsAsA500AndTheNextCallWorks) {
  JsFixture js;
  js.timeout = std::chrono::milliseconds(150);
  js.options.memory_limit = 8 << 20;
  js.options.max_body = 1 << 20;
  js.driver = std::make_unique<js::JsDriver>(js.options, js.workers);
  BoundPlugin& plugin = js.loadBody(
      "if (request.Headers['X-Fine']) { request.SetHeaders.X = 'fine'; return "
      "plugin.ReturnData(request, {}); }\n" +
      std::string(GetParam()));
  const Clock::time_point start = Clock::now();
  TestExchange x;
  const Verdict verdict = js.call(plugin, x);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 500);
  EXPECT_EQ(verdict.error().message(), "Internal Server Error");
  TestExchange fine;
  fine.exchange.request().headers.add("X-Fine", "1");
  ASSERT_TRUE(js.call(plugin, fine));
  EXPECT_EQ(fine.header("X"), "fine");
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, JsLimits,
    ::testing::Values(
        "while (true) {}",
        "for (;;) { try { while (true) {} } catch (e) {} finally { continue; } }",
        "var all = []; for (;;) all.push(new Array(1000).join('x') + all.length);",
        "for (;;) { try { var all = []; for (;;) all.push({}); } catch (e) {} }",
        "var s = 'x'; for (;;) s += s;", "function f() { return f() + 1; } f();",
        "function g() { [1].forEach(g); } g();",
        "function h(a) { return JSON.stringify({toJSON: h}); } h();",
        "var deep = '['; for (var i = 0; i < 18; i++) deep += deep; JSON.parse(deep);",
        "/(a+)+(b+)+$/.test(new Array(2000).join('a') + 'c'); throw 1;",
        "new RegExp(new Array(20000).join('(')).test('x');",
        "new Array(4294967295).indexOf(1); Array.prototype.map.call({length: 4294967295}, String);",
        "request.Body = new Array(2 << 20).join('x');", "eval(new Array(100000).join('(') + '1');",
        "request.Body = {toString: function () { for (;;) {} }};",
        "Object.defineProperty(request.SetHeaders, 'x', {enumerable: true, get: function () { for "
        "(;;) {} }});"));

TEST(JsBudget, NamesTheTimeInTheLog) {
  JsFixture js;
  js.timeout = std::chrono::milliseconds(100);
  BoundPlugin& plugin = js.loadBody("while (true) {}");
  TestExchange x;
  const Verdict verdict = js.call(plugin, x);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), Errc::kPluginTimeout);
  EXPECT_EQ(verdict.error().detail(), "JS middleware timed out after 100ms");
}

TEST(JsBudget, ARecursionThatIsCaughtGoesOn) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(
      "var deep = 0; function f() { deep++; [1].forEach(f); }"
      "try { f(); } catch (e) { request.SetHeaders.X = e.name; }"
      "request.SetHeaders.Y = String(deep > 20);");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "RangeError");
  EXPECT_EQ(x.header("Y"), "true");
}

TEST(JsBudget, MemoryThatIsRefusedOnceIsAnErrorOfTheScript) {
  JsFixture js;
  js.options.memory_limit = 4 << 20;
  js.driver = std::make_unique<js::JsDriver>(js.options, js.workers);
  BoundPlugin& plugin = js.loadBody(
      "try { for (var s = 'x';;) s += s; } catch (e) { request.SetHeaders.X = 'caught'; }");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "caught");
}

constexpr const char* kFetching = R"js(
  request.SetHeaders["X-Before"] = request.URL;
  var text = TykMakeHttpRequest(JSON.stringify({ method: "POST", Domain: "http://up", Resource: "/r",
      Headers: { "X-A": "1" }, FormData: { b: "x y", a: "1" }, unknown: 3 }));
  request.SetHeaders["X-Text"] = String(text);
  if (text !== undefined) {
    var answer = JSON.parse(text);
    request.SetHeaders["X-Out"] = [answer.Code, answer.code, answer.Body, answer.body,
        answer.Headers["X-Many"].join("+"), answer.headers["Content-Type"][0], request.URL].join(" ");
  }
)js";

TEST(JsFetch, WaitsForTheAnswerWhileOthersRun) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(kFetching);
  TestExchange first("GET", "/first");
  TestExchange second("GET", "/second");
  HookCall one = js.callOf(first);
  HookCall two = js.callOf(second);
  ASSERT_EQ(plugin.call(one).value(), HookVerdict::kPending);
  ASSERT_EQ(plugin.call(two).value(), HookVerdict::kPending);
  Running<Verdict> first_run;
  Running<Verdict> second_run;
  first_run.start(plugin.finish(one), &first_run);
  second_run.start(plugin.finish(two), &second_run);
  ASSERT_EQ(js.workers.requests.size(), 2U);
  EXPECT_EQ(js.workers.requests[0].method, "POST");
  EXPECT_EQ(js.workers.requests[0].url, "http://up/r");
  EXPECT_EQ(js.workers.requests[0].body, "a=1&b=x+y");
  js.workers.answer(1, 200, "two");
  ASSERT_TRUE(second_run.result && *second_run.result);
  ASSERT_FALSE(first_run.result);
  js.workers.answer(0, 404, "one \xff");
  ASSERT_TRUE(first_run.result && *first_run.result);
  EXPECT_EQ(second.header("X-Out"), "200 200 two two 1+2 text/plain /second");
  EXPECT_EQ(first.header("X-Out"),
            "404 404 one \xef\xbf\xbd one \xef\xbf\xbd 1+2 text/plain /first");
}

TEST(JsFetch, ManyWaitAtOnceEachWithItsOwnHeap) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(kFetching);
  constexpr int kCalls = 50;
  std::vector<std::unique_ptr<TestExchange>> exchanges;
  std::vector<HookCall> calls;
  std::vector<Running<Verdict>> runs(kCalls);
  calls.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    exchanges.push_back(std::make_unique<TestExchange>("GET", "/" + std::to_string(i)));
    calls.push_back(js.callOf(*exchanges.back()));
    ASSERT_EQ(plugin.call(calls.back()).value(), HookVerdict::kPending);
    runs[static_cast<std::size_t>(i)].start(plugin.finish(calls.back()),
                                            &runs[static_cast<std::size_t>(i)]);
  }
  for (std::size_t i = kCalls; i-- > 0;) js.workers.answer(i, 200, "b" + std::to_string(i));
  for (std::size_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(runs[i].result && *runs[i].result) << i;
    const std::string body = "b" + std::to_string(i);
    EXPECT_EQ(exchanges[i]->header("X-Out"),
              "200 200 " + body + " " + body + " 1+2 text/plain /" + std::to_string(i));
  }
}

TEST(JsFetch, EndsWithItsCallersDeadline) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(kFetching);
  TestExchange x;
  HookCall call = js.callOf(x);
  ASSERT_EQ(plugin.call(call).value(), HookVerdict::kPending);
  Running<Verdict> run;
  run.start(plugin.finish(call), &run);
  ASSERT_EQ(js.workers.timers.size(), 1U);
  js.workers.timers[0]();
  ASSERT_TRUE(run.result);
  ASSERT_FALSE(*run.result);
  EXPECT_EQ(run.result->error().code(), Errc::kPluginTimeout);
  EXPECT_FALSE(x.exchange.request().headers.contains("X-Before"));
}

TEST(JsFetch, GivesUndefinedForWhatIsNoRequestAndForFailures) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    request.SetHeaders.X = [TykMakeHttpRequest("no json"), TykMakeHttpRequest('{"Method": 7}'),
        TykBatchRequest("[1]"), TykBatchRequest('{"requests": []}')].map(String).join();
  )js");
  TestExchange x;
  ASSERT_TRUE(js.call(plugin, x));
  EXPECT_EQ(x.header("X"), "undefined,undefined,undefined,[]");
}

TEST(JsFetch, MakesABatchAtOnce) {
  JsFixture js;
  BoundPlugin& plugin = js.loadBody(R"js(
    var answers = JSON.parse(TykBatchRequest(JSON.stringify({ requests: [
        { method: "GET", relative_url: "http://up/1" },
        { method: "PUT", relative_url: "http://up/2", body: "b", headers: { "X-H": "1" } }] })));
    request.SetHeaders.X = answers.map(function (a) { return a.code + a.body + a.relative_url; }).join();
  )js");
  TestExchange x;
  HookCall call = js.callOf(x);
  ASSERT_EQ(plugin.call(call).value(), HookVerdict::kPending);
  Running<Verdict> run;
  run.start(plugin.finish(call), &run);
  ASSERT_EQ(js.workers.requests.size(), 2U);
  js.workers.answer(1, 201, "second");
  js.workers.waiting[0](Error(Errc::kConnectFailed, "refused"));
  ASSERT_TRUE(run.result && *run.result);
  EXPECT_EQ(x.header("X"), "0,201secondhttp://up/2");
}

}  // namespace
}  // namespace tykpp::drivers
