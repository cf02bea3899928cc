// What a plugin cannot do to its worker: each ends in the documented answer, and the next call is
// well.

#include "unit/drivers/lua_fixture.hpp"

namespace tykpp::test {
namespace {

using drivers::Hook;

// ThreadSanitizer delivers signals only where it has a say; loops of LuaJIT are none of these
// places.
#if defined(__SANITIZE_THREAD__)
constexpr bool kSignalsArrive = false;
#else
constexpr bool kSignalsArrive = true;
#endif

/// A source with the misbehaviour behind the path /bad; other requests are well.
class LuaBudget : public LuaTest {
 protected:
  void SetUp() override {
    LuaTest::SetUp();
    budget = std::chrono::milliseconds(200);
    options.memory_limit = 8U << 20;
  }
  std::string guarded(std::string_view bad, std::string_view before = "") {
    return std::string(before) + "\nfunction Hook(request) if request.url == '/bad' then " +
           std::string(bad) + " end tyk.req.set_header('Fine', '1') return request end";
  }
  void expectWellAfterwards() {
    budget = std::chrono::milliseconds(5000);
    for (int i = 0; i < 3; ++i) {
      TestExchange fx;
      const auto verdict = call(fx);
      ASSERT_TRUE(verdict) << why(verdict);
      EXPECT_EQ(fx.header("Fine"), "1");
    }
  }
  void expectTimeout(std::string_view bad, std::string_view before = "") {
    if (!kSignalsArrive) GTEST_SKIP() << "no signals under ThreadSanitizer";
    ASSERT_TRUE(load(Hook::kPre, guarded(bad, before)));
    TestExchange fx("GET", "/bad");
    const auto start = Clock::now();
    const auto verdict = call(fx);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), Errc::kPluginTimeout) << why(verdict);
    EXPECT_EQ(verdict.error().message(), "Middleware error");
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
    expectWellAfterwards();
  }
  void expectFailure(std::string_view bad, std::string_view reason) {
    budget = std::chrono::milliseconds(20000);
    ASSERT_TRUE(load(Hook::kPre, guarded(bad)));
    TestExchange fx("GET", "/bad");
    const auto verdict = call(fx);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), Errc::kPluginFailed);
    EXPECT_EQ(verdict.error().message(), "Middleware error");
    EXPECT_NE(why(verdict).find(reason), std::string::npos) << why(verdict);
    expectWellAfterwards();
  }
};

TEST_F(LuaBudget, EndlessLoop) { expectTimeout("while true do end"); }
TEST_F(LuaBudget, EndlessLoopThatCatchesErrors) {
  expectTimeout("while true do pcall(function() while true do end end) end");
}
TEST_F(LuaBudget, EndlessLoopOfRepeatedPcalls) {
  expectTimeout("repeat pcall(error, 'x') until false");
}
TEST_F(LuaBudget, EndlessLoopInXpcallHandler) {
  expectTimeout("while true do xpcall(error, function() while true do end end) end");
}
TEST_F(LuaBudget, EndlessLoopInACoroutine) {
  expectTimeout("coroutine.wrap(function() while true do end end)()");
}
TEST_F(LuaBudget, EndlessCoroutines) {
  expectTimeout(
      "while true do coroutine.resume(coroutine.create(function() while true do end end)) end");
}
TEST_F(LuaBudget, EndlessTailCalls) { expectTimeout("local function f() return f() end f()"); }
TEST_F(LuaBudget, EndlessCallback) {
  expectTimeout("string.gsub('x', '.', function() while true do end end)");
}
TEST_F(LuaBudget, EndlessComparison) {
  expectTimeout("table.sort({3, 2, 1}, function() while true do end end)");
}
TEST_F(LuaBudget, EndlessMetamethod) {
  expectTimeout(
      "local t = setmetatable({}, {__index = function() while true do end end}) local _ = t.x");
}
TEST_F(LuaBudget, EndlessModule) {
  folder.write("endless.lua", "while true do end");
  expectTimeout("require 'endless'");
}
TEST_F(LuaBudget, EndlessGarbage) { expectTimeout("while true do local t = {1, 2, 3} end"); }
TEST_F(LuaBudget, EndlessMemoryErrors) {
  expectTimeout("while true do pcall(string.rep, 'x', 1e9) end");
}

TEST_F(LuaBudget, PatternsThatBacktrack) {
  expectTimeout("string.find(('a'):rep(100000), ('a*'):rep(20) .. 'b')");
}
TEST_F(LuaBudget, PatternsThatStartAnywhere) {
  options.memory_limit = 64U << 20;
  expectTimeout("string.match(('a'):rep(5000000), '.-b')");
}
TEST_F(LuaBudget, LongSorts) {
  options.memory_limit = 64U << 20;
  expectTimeout("local t = {} for i = 1, 2^21 do t[i] = i % 7 end while true do table.sort(t) end");
}

TEST_F(LuaBudget, PlainTextIsFoundInLinearTime) {
  options.memory_limit = 64U << 20;
  expectFailure("assert(string.find(('a'):rep(4000000), ('a'):rep(2000000) .. 'b', 1, true))",
                "assertion failed");
}
TEST_F(LuaBudget, MemoryBomb) {
  expectFailure("local t = {} for i = 1, 1e9 do t[i] = 'text ' .. i end", "not enough memory");
}
TEST_F(LuaBudget, LongString) { expectFailure("string.rep('x', 1e9)", "not enough memory"); }
TEST_F(LuaBudget, DoubledStrings) {
  expectFailure("local s = 'x' while true do s = s .. s end", "not enough memory");
}
TEST_F(LuaBudget, DeepRecursion) {
  expectFailure("local function f(n) return 1 + f(n + 1) end f(1)", "stack overflow");
}
TEST_F(LuaBudget, DeepRecursionThroughCallbacks) {
  // Each level holds a buffer of the string library on the fiber's stack.
  expectFailure("local function f() return (('x'):gsub('x', f)) end f()", "C stack overflow");
}
TEST_F(LuaBudget, DeepRecursionThroughSort) {
  expectFailure("local function f() table.sort({1, 2, 3}, f) end f()", "stack overflow");
}
TEST_F(LuaBudget, DeepRecursionThroughCoroutines) {
  options.memory_limit = 64U << 20;
  expectFailure("local function f() return coroutine.wrap(f)() end f()", "C stack overflow");
}
TEST_F(LuaBudget, DeepRecursionThroughMetamethods) {
  expectFailure(
      "local t = {} setmetatable(t, {__tostring = function() return 'x' .. tostring(t) end}) "
      "tostring(t)",
      "overflow");
}
TEST_F(LuaBudget, DeepTablesInCjson) {
  expectFailure(
      "local c = require 'cjson' c.encode_max_depth(1e9) local t = {} "
      "for i = 1, 50000 do t = {t} end c.encode(t)",
      "excessive nesting");
}
TEST_F(LuaBudget, DeepTextInCjson) {
  expectFailure(
      "local c = require 'cjson' c.decode_max_depth(1e9) "
      "c.decode(('['):rep(200000))",
      "nested");
}
TEST_F(LuaBudget, DeepPatterns) {
  expectFailure(
      "local p = ('(x'):rep(30) .. (')'):rep(30) .. ('x?'):rep(100000) "
      "string.find(('x'):rep(200000), p)",
      "");
}
TEST_F(LuaBudget, DeepSourceText) {
  expectFailure("assert(loadstring('return ' .. ('('):rep(5000) .. '1' .. (')'):rep(5000)))", "");
}

TEST_F(LuaBudget, ErrorObjectsOfEveryType) {
  for (const char* object :
       {"{}", "setmetatable({}, {__tostring = function() return 'told' end})", "nil", "true",
        "print", "42", "setmetatable({}, {__tostring = function() error('again') end})",
        "setmetatable({}, {__tostring = function() return {} end})"}) {
    expectFailure("error(" + std::string(object) + ")", "");
  }
  expectFailure("error(setmetatable({}, {__tostring = function() return 'told' end}))", "told");
}

TEST_F(LuaBudget, WrongTypesInTheAnswer) {
  for (const char* wrong :
       {"return 7", "return 'x'", "request.set_headers = 7", "request.set_headers = {A = {}}",
        "request.set_headers = {A = print}", "request.delete_headers = 'x'",
        "request.raw_body = '!'", "request.raw_body = {}", "request.method = {}",
        "request.url = print", "request.return_overrides = 'x'",
        "request.return_overrides = {response_code = 'many'}",
        "request.return_overrides = {response_code = 0/0}", "request.set_headers = {['A b'] = 'c'}",
        "request.set_headers = {A = 'b\\r\\nC: d'}", "request.method = 'A B'",
        "request.url = 'no path'"}) {
    SCOPED_TRACE(wrong);
    const std::string tail = std::string(wrong).starts_with("return") ? "" : " return request";
    expectFailure(wrong + tail, "");
  }
}

TEST_F(LuaBudget, BytesThatAreNoText) {
  ASSERT_TRUE(load(Hook::kPre, guarded("request.set_headers = {Odd = '\\255\\254'} "
                                       "request.body = '\\255\\0\\254'")));
  TestExchange fx("POST", "/bad");
  fx.exchange.request().setBody("x");
  const auto verdict = call(fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(*fx.exchange.request().body(), std::string("\xff\0\xfe", 3));
  expectWellAfterwards();
}

TEST_F(LuaBudget, HugeBody) {
  budget = std::chrono::milliseconds(20000);
  options.memory_limit = 64U << 20;
  ASSERT_TRUE(load(Hook::kPre, guarded("request.body = ('x'):rep(2^24)")));
  TestExchange fx("POST", "/bad");
  const auto verdict = call(fx);
  ASSERT_TRUE(verdict) << why(verdict);
  EXPECT_EQ(fx.exchange.request().body()->size(), 1U << 24);
  expectWellAfterwards();
}

TEST_F(LuaBudget, AStateThatPluginsFilledIsReplaced) {
  budget = std::chrono::milliseconds(20000);
  ASSERT_TRUE(load(Hook::kPre, guarded("for i = 1, 1e9 do kept[#kept + 1] = 'text ' .. i end",
                                       "local k = {} kept = k")));
  TestExchange fx("GET", "/bad");
  EXPECT_FALSE(call(fx));
  expectWellAfterwards();
  TestExchange again("GET", "/bad");
  EXPECT_FALSE(call(again));
  expectWellAfterwards();
}

TEST_F(LuaBudget, ARequestKeptPastItsHookIsAnError) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    local kept
    function Hook(request)
      if kept then
        local ok, why = pcall(function() return kept.headers end)
        assert(not ok and why:find("has ended", 1, true), why)
        assert(not pcall(function() kept.set_headers = {} end))
        end
      kept = request
      return request
    end)"));
  for (int i = 0; i < 3; ++i) {
    TestExchange fx;
    const auto verdict = call(fx);
    EXPECT_TRUE(verdict) << why(verdict);
  }
}

TEST_F(LuaBudget, EndlessMainPartIsALoadError) {
  if (!kSignalsArrive) GTEST_SKIP() << "no signals under ThreadSanitizer";
  options.load_time = std::chrono::milliseconds(100);
  const auto loaded = load(Hook::kPre, "while true do end");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Errc::kBadPlugin);
}

}  // namespace
}  // namespace tykpp::test
