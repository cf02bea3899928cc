// Calls that wait while others run in the same state.

#include "unit/drivers/lua_fixture.hpp"

namespace tykpp::test {
namespace {

using drivers::Hook;
using drivers::HookVerdict;

class LuaWait : public LuaTest {
 protected:
  /// A call under way.
  struct Pending {
    explicit Pending(const std::string& target) : fx("GET", target) {}
    TestExchange fx;
    std::unique_ptr<drivers::HookCall> call;
    Running<Result<HookVerdict>> running;
  };
  std::unique_ptr<Pending> begin(const std::string& target) {
    auto one = std::make_unique<Pending>(target);
    one->call = std::make_unique<drivers::HookCall>(
        drivers::HookCall{hook, one->fx.exchange, nullptr, Clock::now() + budget});
    auto verdict = bound->call(*one->call);
    EXPECT_TRUE(verdict) << why(verdict);
    if (verdict && *verdict == HookVerdict::kPending) {
      Running<Result<HookVerdict>>::start(bound->finish(*one->call), &one->running);
    } else {
      one->running.result.emplace(std::move(verdict));
    }
    return one;
  }
};

TEST_F(LuaWait, FetchAnswersOrTellsWhy) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook()
      local answer, why = tykpp.http.fetch{url = "http://a/b", method = "POST", body = "x",
        headers = {A = "1", B = {"2", "3"}}, timeout = 0.5, follow_redirects = false}
      if not answer then tykpp.req.set_header("Why", why) return end
      tykpp.req.set_header("Got", answer.status .. answer.body .. answer.headers["X-From"])
    end)"));
  auto one = begin("/");
  ASSERT_EQ(world.fetches.size(), 1U);
  const drivers::FetchRequest& request = world.fetches[0].first;
  EXPECT_EQ(request.url, "http://a/b");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "x");
  EXPECT_EQ(request.headers.size(), 3U);
  EXPECT_EQ(request.timeout, std::chrono::milliseconds(500));
  EXPECT_FALSE(request.follow_redirects);
  world.answer(200, "body");
  ASSERT_TRUE(one->running.result);
  EXPECT_EQ(one->fx.header("Got"), "200bodytest");

  auto two = begin("/");
  world.fetches[0].second(Error(Errc::kConnectFailed, "nobody there"));
  EXPECT_EQ(two->fx.header("Why"), "nobody there");
}

constexpr const char* kPlaces = R"lua(
  local cjson = require "cjson"
  local function get(path)
    local answer = assert(tykpp.http.fetch{url = "http://a" .. path})
    return answer.body
  end
  local ways = {
    plain = get,
    pcall = function(p) local ok, v = pcall(pcall, get, p) assert(ok) return select(2, pcall(get, p)) end,
    xpcall = function(p) return select(2, xpcall(function() return get(p) end, debug.traceback)) end,
    meta = function(p) return setmetatable({}, {__index = function(_, k) return get(k) end})[p] end,
    concat = function(p) return setmetatable({}, {__concat = function(_, k) return get(k) end}) .. p end,
    sort = function(p) local v table.sort({2, 1}, function(a, b) v = get(p) return a < b end) return v end,
    gsub = function(p) return (p:gsub(".+", get)) end,
    coroutine = function(p)
      local co = coroutine.wrap(function(q) coroutine.yield("first") coroutine.yield(get(q)) end)
      assert(co(p) == "first")
      return co()
    end,
    nested = function(p)
      return coroutine.wrap(function() return select(2, pcall(string.gsub, p, ".+", function(q)
        return coroutine.wrap(function() return get(q) end)()
      end)) end)()
    end,
    iterator = function(p) for v in function(_, last) if not last then return get(p) end end do p = v end return p end,
  }
  function Hook(request)
    local way, number = request.url:match("/(%a+)/(%d+)")
    mine = number                      -- a global of this call alone
    local name = "own" .. number
    _G[name] = number
    local value = ways[way](request.url)
    assert(mine == number, "globals of calls mix")
    assert(_G[name] == number)
    local junk = {} for i = 1, 50 do junk[i] = {i, tostring(i) .. number} end
    if tonumber(number) % 7 == 0 then error("planned " .. value) end
    tyk.req.set_header("Value", value)
    tyk.req.set_header("Json", cjson.encode({n = number}))
    return request
  end)lua";

TEST_F(LuaWait, HundredsOfCallsWaitAnywhereInOneState) {
  ASSERT_TRUE(load(Hook::kPre, kPlaces));
  budget = std::chrono::milliseconds(60000);
  constexpr const char* kWays[] = {"plain", "pcall", "xpcall",    "meta",   "concat",
                                   "sort",  "gsub",  "coroutine", "nested", "iterator"};
  std::vector<std::unique_ptr<Pending>> all;
  constexpr int kCalls = 200;
  for (int i = 0; i < kCalls; ++i) {
    all.push_back(begin("/" + std::string(kWays[i % 10]) + "/" + std::to_string(i)));
  }
  ASSERT_EQ(world.fetches.size(), static_cast<std::size_t>(kCalls));
  // Some wait again: answers come in an order that is nobody's.
  std::size_t at = 0;
  while (!world.fetches.empty()) {
    at = (at * 31 + 17) % world.fetches.size();
    auto [request, done] = std::move(world.fetches[at]);
    world.fetches.erase(world.fetches.begin() + static_cast<std::ptrdiff_t>(at));
    done(drivers::FetchResponse{200, {}, "v" + request.url.substr(request.url.rfind('/') + 1)});
  }
  for (int i = 0; i < kCalls; ++i) {
    SCOPED_TRACE(std::string(kWays[i % 10]) + " " + std::to_string(i));
    ASSERT_TRUE(all[static_cast<std::size_t>(i)]->running.result);
    const auto& verdict = *all[static_cast<std::size_t>(i)]->running.result;
    TestExchange& fx = all[static_cast<std::size_t>(i)]->fx;
    if (i % 7 == 0) {
      ASSERT_FALSE(verdict);
      EXPECT_NE(why(verdict).find("planned v" + std::to_string(i)), std::string::npos)
          << why(verdict);
      continue;
    }
    ASSERT_TRUE(verdict) << why(verdict);
    EXPECT_EQ(fx.header("Value"), "v" + std::to_string(i));
    EXPECT_EQ(fx.header("Json"), "{\"n\":\"" + std::to_string(i) + "\"}");
  }
}

TEST_F(LuaWait, GlobalsOfACallThatWaitsAreNobodyElses) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      assert(leak == nil)
      leak = request.url
      if request.url == "/wait" then tykpp.http.fetch{url = "http://a/"} end
      assert(leak == request.url)
      return request
    end)"));
  auto waiting = begin("/wait");
  auto other = begin("/other");
  ASSERT_TRUE(other->running.result);
  EXPECT_TRUE(*other->running.result) << why(*other->running.result);
  auto second = begin("/wait");
  world.answer(200, "");
  world.answer(200, "");
  EXPECT_TRUE(*waiting->running.result) << why(*waiting->running.result);
  EXPECT_TRUE(*second->running.result) << why(*second->running.result);
}

TEST_F(LuaWait, ACallThatWaitsTooLongTimesOut) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      while true do pcall(tykpp.http.fetch, {url = "http://a/"}) end
    end)"));
  auto one = begin("/");
  world.workers.fireTimers();
  ASSERT_TRUE(one->running.result);
  ASSERT_FALSE(*one->running.result);
  EXPECT_EQ(one->running.result->error().code(), Errc::kPluginTimeout);
  auto next = begin("/");
  world.workers.fireTimers();
  EXPECT_TRUE(next->running.result);
}

TEST_F(LuaWait, AClientThatLeavesEndsItsCall) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    local ended = 0
    function Hook(request)
      if request.url == "/count" then tyk.req.set_header("Ended", tostring(ended)) return request end
      local ok = pcall(tykpp.http.fetch, {url = "http://a/"})
      ended = ended + 1
      return request
    end)"));
  {
    TestExchange fx("GET", "/wait");
    drivers::HookCall one{hook, fx.exchange, nullptr, Clock::now() + budget};
    ASSERT_EQ(*bound->call(one), HookVerdict::kPending);
    net::Task<Result<HookVerdict>> dropped = bound->finish(one);
    Running<Result<HookVerdict>> running;
    bound.reset();  // cancels what waits, as when a worker ends
  }
  world.fetches.clear();
}

TEST_F(LuaWait, ValuesAreKeptPerApi) {
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      assert(tykpp.store.get("k") == nil)
      assert(tykpp.store.set("k", "v\0w", 60) == true)
      tyk.req.set_header("Kept", #tykpp.store.get("k"))
      return request
    end)"));
  auto one = begin("/");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.workers.runOne());
  ASSERT_TRUE(one->running.result);
  EXPECT_TRUE(*one->running.result) << why(*one->running.result);
  EXPECT_EQ(one->fx.header("Kept"), "3");
  EXPECT_EQ(world.kept.begin()->first, "lua:api:k");
  EXPECT_EQ(world.last_ttl, std::chrono::seconds(60));
}

TEST_F(LuaWait, AModuleCannotWaitWhileItIsLoaded) {
  folder.write("waits.lua", "tykpp.http.fetch{url = 'http://a/'} return {}");
  ASSERT_TRUE(load(Hook::kPre, R"(
    function Hook(request)
      local ok, why = pcall(require, "waits")
      assert(not ok and why:find("cannot wait", 1, true), why)
      return request
    end)"));
  auto one = begin("/");
  ASSERT_TRUE(one->running.result);
  EXPECT_TRUE(*one->running.result) << why(*one->running.result);
}

}  // namespace
}  // namespace tykpp::test
