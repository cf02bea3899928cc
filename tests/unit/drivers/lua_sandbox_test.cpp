// What plugins share and what they do not, what is taken away, and how files are found.

#include "unit/drivers/lua_fixture.hpp"

namespace tykpp::test {
namespace {

using drivers::Hook;
using LuaSandbox = LuaTest;
using LuaFiles = LuaTest;

TEST_F(LuaSandbox, GlobalsOfOneRequestAreNotSeenByTheNext) {
  ASSERT_TRUE(load(Hook::kPre, R"lua(
    counter = 0
    shared = {}
    local kept = 0
    function Hook(request)
      assert(counter == 0 and made == nil and _G.byG == nil and rawget(_G, "raw") == nil)
      counter = counter + 1
      made = 1
      _G.byG = 1
      rawset(_G, "raw", 1)
      getfenv(1).byFenv = 1
      getfenv(0).byThread = 1
      loadstring("byLoad = 1")()
      assert(load(function() local s = not byReader and not done and "byReader = 1" done = true return s or nil end))()
      coroutine.wrap(function() byCoroutine = 1 end)()
      string.gsub("x", "x", function() byCallback = 1 end)
      function helper() end
      assert(counter == 1 and made == 1 and raw == 1 and byG == 1 and byFenv == 1 and byThread == 1)
      assert(byLoad == 1 and byReader == 1 and byCoroutine == 1 and byCallback == 1 and rawget(_G, "raw") == 1)
      local names = {}
      for k in pairs(_G) do names[k] = true end
      assert(names.made and names.counter and names.string and names.Hook and names.helper)
      kept = kept + 1
      tyk.req.set_header("Kept", kept)   -- upvalues live on
      return request
    end)lua"));
  for (int i = 1; i <= 3; ++i) {
    TestExchange fx;
    const auto verdict = call(fx);
    ASSERT_TRUE(verdict) << why(verdict);
    EXPECT_EQ(fx.header("Kept"), std::to_string(i));
  }
}

TEST_F(LuaSandbox, ManyGlobalsGoToo) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      assert(g1 == nil and g500 == nil)
      for i = 1, 500 do _G["g" .. i] = i end
      assert(g500 == 500)
      return request
    end)"));
  for (int i = 0; i < 3; ++i) {
    TestExchange fx;
    EXPECT_TRUE(call(fx));
  }
}

TEST_F(LuaSandbox, AFailedRequestLeavesNoGlobals) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      assert(leak == nil)
      leak = 1
      if request.url == "/fail" then error("x") end
      return request
    end)"));
  TestExchange first("GET", "/fail");
  EXPECT_FALSE(call(first));
  TestExchange second;
  EXPECT_TRUE(call(second));
}

TEST_F(LuaSandbox, ApisSeeNothingOfEachOther) {
  const std::string source =
      "seen = (seen or 0) + 1 function Hook(r) "
      "tyk.req.set_header('Seen', seen) return r end";
  for (const char* id : {"one", "two"}) {
    api.api_id = id;
    TestExchange fx;
    ASSERT_TRUE(run(Hook::kPre, source, fx));
    EXPECT_EQ(fx.header("Seen"), "1");
  }
}

TEST_F(LuaSandbox, HooksOfAnApiShareAState) {
  const std::string path = folder.write("both.lua", R"(
    local counter = 0
    function First(r) counter = counter + 1 tyk.req.set_header("Count", counter) return r end
    function Second(r) counter = counter + 10 tyk.req.set_header("Count", counter) return r end)");
  api.hooks.pre = {ref("First", path), ref("Second", path)};
  TestExchange fx;
  std::vector<std::shared_ptr<const drivers::LoadedPlugin>> loaded;
  std::vector<std::unique_ptr<drivers::BoundPlugin>> hooks;
  for (const auto& entry : api.hooks.pre) {
    loaded.push_back(*driver().load(entry, Hook::kPre, api));
    hooks.push_back(*loaded.back()->bind(0));
  }
  for (const auto& one : hooks) {
    drivers::HookCall once{Hook::kPre, fx.exchange, nullptr, Clock::now() + budget};
    ASSERT_TRUE(one->call(once));
  }
  EXPECT_EQ(fx.header("Count"), "11");
}

TEST_F(LuaSandbox, TakesAwayWhatEndsOrBlocksTheProcess) {
  for (const char* name : {"os.exit",
                           "os.execute",
                           "os.setlocale",
                           "io.popen",
                           "io.read",
                           "io.stdin",
                           "io.input",
                           "io.output",
                           "io.write",
                           "debug.sethook",
                           "debug.getregistry",
                           "debug.getupvalue",
                           "debug.setmetatable",
                           "debug.getmetatable",
                           "package.loadlib",
                           "newproxy",
                           "jit.on",
                           "ffi",
                           "package.loaded.ffi",
                           "package.preload.ffi",
                           "package.loaded.os.exit",
                           "package.loaded.io.popen",
                           "package.loaded.debug.sethook",
                           "package.loaded._G.newproxy"}) {
    EXPECT_EQ(eval(name), "nil") << name;
  }
  EXPECT_EQ(eval("pcall(require, 'ffi')"), "false");
  EXPECT_EQ(eval("pcall(setfenv, 0, {})"), "false");
  EXPECT_EQ(eval("getfenv(0) == _G and getfenv(print) == _G and getfenv(1) == _G"), "true");
  EXPECT_EQ(eval("getmetatable(_G)"), "false");
  EXPECT_EQ(eval("pcall(setmetatable, _G, {})"), "false");
  EXPECT_EQ(eval("loadstring(string.dump(function() end))"), "nil");
  EXPECT_EQ(eval("load(string.dump(function() end))"), "nil");
  EXPECT_EQ(eval("loadfile()"), "nil");
  EXPECT_EQ(eval("pcall(io.lines)"), "false");
  EXPECT_EQ(eval("collectgarbage('stop') + collectgarbage('collect')"), "0");
  EXPECT_EQ(eval("collectgarbage('count') > 1"), "true");
}

TEST_F(LuaSandbox, KeepsTheRestOfTheLibrary) {
  for (const char* expression :
       {"os.time() > 0 and os.clock() >= 0 and os.date('%Y') ~= '' and os.getenv('HOME') ~= false",
        "bit.band(6, 3) == 2", "math.floor(1.5) == 1", "select('#', unpack({1, 2, 3})) == 3",
        "table.concat({1, 2}, ',') == '1,2'", "jit.status() == false",
        "type(debug.traceback()) == 'string' and debug.getinfo(1).currentline > 0",
        "setfenv(function() return x end, {x = 7})() == 7",
        "getfenv(setfenv(function() end, {y = 1})).y == 1",
        "(function() local t = {3, 1, 2} table.sort(t) return t[1] end)() == 1",
        "(function() local t = {} for i = 1, 3000 do t[i] = 3001 - i end table.sort(t) return t[1] "
        "end)() == 1",
        "coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b end)(1) == 2",
        "select(2, coroutine.resume(coroutine.create(function() return 5 end))) == 5",
        "require('cjson').decode('[1,2]')[2] == 2", "require('cjson.safe').decode('x') == nil",
        "require('cjson').new().encode({1}) == '[1]'", "require('table.new') ~= nil"}) {
    EXPECT_EQ(eval(expression), "true") << expression;
  }
}

TEST_F(LuaSandbox, PrintGoesToTheLog) { EXPECT_EQ(eval("print('a', 1, nil) == nil"), "true"); }

TEST_F(LuaSandbox, PatternsAreThoseOfTheLanguage) {
  for (const char* expression : {
           "('hello world'):find('o w') == 5",
           "('hello'):find('l+') == 3",
           "select(2, ('hello'):find('l+')) == 4",
           "('a.b'):find('.', 1, true) == 2",
           "('hello'):find('xyz') == nil",
           "('hello'):find('') == 1",
           "('hello'):find('', 10) == 6",
           "('hello'):find('h', -5) == 1",
           "('hello'):find('^e') == nil",
           "('hello'):find('^h') == 1",
           "('key = value'):match('^(%w+)%s*=%s*(%w+)$') == 'key'",
           "select(2, ('key = value'):match('^(%w+)%s*=%s*(%w+)$')) == 'value'",
           "('  trim  '):match('^%s*(.-)%s*$') == 'trim'",
           "('abc'):match('()b()') == 2",
           "select(2, ('abc'):match('()b()')) == 3",
           "('f(a(b)c)d'):match('%b()') == '(a(b)c)'",
           "('THE (quick) fox'):find('%((%a+)%)') == 5",
           "('x=1, y=2'):gsub('(%w+)=(%w+)', '%2=%1') == '1=x, 2=y'",
           "('hello'):gsub('l', {l = 'L'}) == 'heLLo'",
           "('hello'):gsub('.', string.upper) == 'HELLO'",
           "('abc'):gsub('', '-') == '-a-b-c-'",
           "('abc'):gsub('%w', '%0%0') == 'aabbcc'",
           "('abc'):gsub('b', '%%') == 'a%c'",
           "select(2, ('aaa'):gsub('a', 'b', 2)) == 2",
           "('aaa'):gsub('^a', 'b') == 'baa'",

           "('abc'):gsub('b', function() return nil end) == 'abc'",
           "('n'):gsub('n', 12) == '12'",
           "('THE END'):gsub('%f[%a]%a+', string.lower) == 'the end'",
           "('[[x]]'):match('[^%[%]]+') == 'x'",
           "(']'):match('[]]') == ']'",
           "('a-b'):match('[a%-]+') == 'a-'",
           "('a-b'):match('[%w-]+') == 'a-b'",
           "('x^'):match('[x^]+') == 'x^'",
           "('0x1F'):match('%x+$') == '1F'",
           "('abab'):match('(ab)%1') == 'ab'",
           "('$5'):match('^$%d') == '$5'",
           "('a$'):find('$', 1) == 3",
           "('a\\0b'):match('%z') == '\\0'",
           "('a\\0b'):find('b') == 3",
           "('aXb'):match('%u') == 'X'",
           "('caaat'):match('ca-t') == 'caaat'",
           "('colour'):match('colou?r') == 'colour'",
           "('color'):match('colou?r') == 'color'",
           "('\\255'):match('[\\200-\\255]') == '\\255'",
           "(function() local n = 0 for k, v in ('a=1,b=2'):gmatch('(%w)=(%w)') do n = n + v end "
           "return n end)() == 3",
           "(function() local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n end)() "
           "== 4",
           "(function() local n = 0 for _ in ('^a^a'):gmatch('^a') do n = n + 1 end return n "
           "end)() == 2",
       }) {
    EXPECT_EQ(eval(expression), "true") << expression;
  }
  for (const char* malformed : {"'%'", "'[a'", "'[%'", "'(a'", "'a)'", "'%1'", "'%b'", "'%f'",
                                "('(a)'):rep(40)", "('a?'):rep(300) .. 'b'"}) {
    EXPECT_EQ(eval("pcall(string.match, ('a'):rep(400), " + std::string(malformed) + ")"), "false")
        << malformed;
  }
  EXPECT_EQ(eval("pcall(string.gsub, 'x', 'x', print)"), "true");
  EXPECT_EQ(eval("pcall(string.gsub, 'x', 'x', true)"), "false");
  EXPECT_EQ(eval("pcall(string.gsub, 'x', 'x', '%2')"), "false");
  EXPECT_EQ(eval("pcall(string.gsub, 'x', 'x', function() return {} end)"), "false");
}

TEST_F(LuaFiles, ModulesBesideTheFileAreRequired) {
  folder.write("helper.lua", "moduleGlobal = 5 return {name = 'helper'}");
  folder.write("sub/init.lua", "module('sub', package.seeall) function hi() return 'hi' end");
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      tyk.req.set_header("Helper", require("helper").name .. moduleGlobal .. require("sub").hi())
      return request
    end)"));
  for (int i = 0; i < 2; ++i) {
    TestExchange fx;
    const auto verdict = call(fx);
    ASSERT_TRUE(verdict) << why(verdict);
    EXPECT_EQ(fx.header("Helper"), "helper5hi");
  }
}

TEST_F(LuaFiles, AChangedModuleIsLoadedAnew) {
  const std::string source =
      "local h = require 'helper' function Hook(r) tyk.req.set_header('V', h) return r end";
  for (const char* value : {"one", "three"}) {
    folder.write("helper.lua", "return '" + std::string(value) + "'");
    TestExchange fx;
    ASSERT_TRUE(run(Hook::kPre, source, fx));
    EXPECT_EQ(fx.header("V"), value);
  }
}

TEST_F(LuaFiles, EveryLuaFileOfABundleIsLoaded) {
  folder.write("b/one.lua", "function helper() return 'one' end");
  folder.write("b/deep/two.lua", "function Hook(r) tyk.req.set_header('F', helper()) return r end");
  folder.write("b/readme.txt", "no Lua");
  api.bundle.parts = {{"b.zip", folder.file("b"), {"one.lua", "deep/two.lua", "readme.txt"}}};
  TestExchange fx;
  auto loaded = driver().load(ref("Hook", ""), Hook::kPre, api);
  ASSERT_TRUE(loaded) << loaded.error().message();
  plugin = *loaded;
  bound = *plugin->bind(0);
  ASSERT_TRUE(call(fx));
  EXPECT_EQ(fx.header("F"), "one");
}

TEST_F(LuaFiles, BundlesOfOneApiHaveModulesAndGlobalsOfTheirOwn) {
  for (const std::string name : {"a", "b"}) {
    folder.write(name + "/limits.lua", "return {of = '" + name + "'}");
    folder.write(name + "/hook.lua",
                 "owner = '" + name + "'\nlocal limits = require('limits')\n" +
                     "function Hook(r) tyk.req.set_header('F', owner .. limits.of .. "
                     "require('limits').of) return r end");
    api.bundle.parts.push_back({name + ".zip", folder.file(name), {"hook.lua", "limits.lua"}});
  }
  for (const std::size_t index : {0U, 1U, 0U}) {
    definition::PluginRef entry = ref("Hook", "");
    entry.bundle = index;
    api.hooks.pre = {entry};
    auto loaded = driver().load(entry, Hook::kPre, api);
    ASSERT_TRUE(loaded) << loaded.error().message();
    plugin = *loaded;
    bound = *plugin->bind(0);
    TestExchange fx;
    ASSERT_TRUE(call(fx));
    EXPECT_EQ(fx.header("F"), index == 0 ? "aaa" : "bbb");
  }
}

TEST_F(LuaFiles, WithoutPathAndBundleTheCommonFolderIsLoaded) {
  folder.write("middleware/lua/a.lua", "function helper() return 'a' end");
  folder.write("middleware/lua/b.lua",
               "function Hook(r) tyk.req.set_header('F', helper()) return r end");
  TestExchange fx;
  auto loaded = driver().load(ref("Hook", ""), Hook::kPre, api);
  ASSERT_TRUE(loaded) << loaded.error().message();
  plugin = *loaded;
  bound = *plugin->bind(0);
  ASSERT_TRUE(call(fx));
  EXPECT_EQ(fx.header("F"), "a");
}

TEST_F(LuaFiles, InlineCodeIsBase64) {
  definition::PluginRef entry = ref("Hook", "");
  entry.code = "ZnVuY3Rpb24gSG9vayhyKSB0eWsucmVxLnNldF9oZWFkZXIoIkYiLCAiMSIpIHJldHVybiByIGVuZA==";
  auto loaded = driver().load(entry, Hook::kPre, api);
  ASSERT_TRUE(loaded) << loaded.error().message();
  plugin = *loaded;
  bound = *plugin->bind(0);
  TestExchange fx;
  ASSERT_TRUE(call(fx));
  EXPECT_EQ(fx.header("F"), "1");
}

TEST_F(LuaFiles, WhatIsWrongWithAFileIsALoadError) {
  const auto expectError = [&](const Result<void>& result, std::string_view text) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), Errc::kBadPlugin);
    EXPECT_NE(result.error().message().find(text), std::string::npos) << result.error().message();
  };
  expectError(load(Hook::kPre, "function Hook( end"), "plugin.lua:1:");
  expectError(load(Hook::kPre, "function Other() end"), "no global function \"Hook\"");
  expectError(load(Hook::kPre, "Hook = 7"), "no global function \"Hook\"");
  expectError(load(Hook::kPre, "error('at start')"), "at start");
  expectError(load(Hook::kPre, "error({})"), "table");
  expectError(load(Hook::kPre, "local x = require 'nothing'"), "nothing");
  expectError(load(Hook::kPre, "tykpp.req.get_method()"), "there is no request");
  expectError(load(Hook::kPre, "local t = {} while true do t[#t + 1] = ('x'):rep(1e5) .. #t end"),
              "not enough memory");
  const auto missing = driver().load(ref("Hook", folder.file("none.lua")), Hook::kPre, api);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("none.lua"), std::string::npos);
  const auto nowhere = driver().load(ref("Hook", ""), Hook::kPre, api);
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message().find("middleware/lua"), std::string::npos);
  EXPECT_FALSE(driver().load(ref("Hook", ""), Hook::kAnalytics, api));
}

TEST_F(LuaFiles, CoprocessSwitchedOffIsALoadError) {
  options.enabled = false;
  const auto loaded = load(Hook::kPre, "function Hook(r) return r end");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("enable_coprocess"), std::string::npos);
  EXPECT_EQ(driver().brokenAnswer(Hook::kAuth).status(), 403);
  EXPECT_EQ(driver().brokenAnswer(Hook::kPre).message(), "Middleware error");
}

TEST_F(LuaFiles, AHookThatWantsNoBodyStreams) {
  ASSERT_TRUE(load(Hook::kPre, "function Hook(r) return r end"));
  EXPECT_EQ(plugin->bodyNeed(), http::BodyNeed::kBuffer);
  ASSERT_TRUE(load(Hook::kPre, "tykpp.no_body('Hook') function Hook(r) return r end"));
  EXPECT_EQ(plugin->bodyNeed(), http::BodyNeed::kStream);
}

}  // namespace
}  // namespace tykpp::test
