// Event handlers in Lua: global functions.

#include <fstream>
#include <iterator>
#include <thread>

#include "lua_fixture.hpp"

namespace tykpp::drivers {
namespace {

constexpr const char* kPayload =
    R"({"message": {"Type": "AuthFailure", "Meta": {"Path": "/a"}, "TimeStamp": "now"}, "handler_name": "onEvent", "spec": {"APIID": "api", "OrgID": "org"}})";

class LuaEvents : public test::LuaTest {
 protected:
  Result<std::shared_ptr<EventFunction>> find(const std::string& name, std::string_view source) {
    api.hooks.pre = {ref("Hook", folder.write("plugin.lua", source))};
    return driver().findEventFunction(name, api);
  }
  /// Dispatches an event and waits until nobody holds it any more.
  void dispatch(EventFunction& function) {
    auto ticket = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = ticket;
    function.dispatch(kPayload, std::move(ticket));
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (!watched.expired() && Clock::now() < end) std::this_thread::yield();
    ASSERT_TRUE(watched.expired());
  }
  /// What handlers wrote with `say`.
  std::string said() const {
    std::ifstream file(folder.file("said"));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::string say() const {
    return "local function say(text) local f = io.open('" + folder.file("said") +
           "', 'a') f:write(text, '\\n') f:close() end\n";
  }
};

TEST_F(LuaEvents, CallTheFunctionWithEventAndSpec) {
  auto function = find("onEvent", say() + R"lua(
    function onEvent(event, spec)
      count = (count or 0) + 1
      say(table.concat({event.handler_name, event.message.Type, event.message.Meta.Path,
                        event.message.TimeStamp, spec.APIID, spec.OrgID, count}, " "))
    end)lua");
  ASSERT_TRUE(function) << function.error().message();
  dispatch(**function);
  dispatch(**function);
  const std::string line = "onEvent AuthFailure /a now api org 1\n";
  EXPECT_EQ(said(), line + line) << "globals of a call are gone when it ends";
}

TEST_F(LuaEvents, GoOnAfterAFunctionThatFailsOrNeverEnds) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer delivers no signal to a loop outside its sight";
#endif
  options.event_time = std::chrono::milliseconds(100);
  const std::string source = say() + R"lua(
    function onError(event) error("on purpose") end
    function onTable(event) error({}) end
    function onLoop(event) while true do end end
    function onRequest(event) return tykpp.req.get_header("X") end
    function onMemory(event) local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end
    function onEvent(event) say("fine") end)lua";
  for (const char* name : {"onError", "onTable", "onLoop", "onRequest", "onMemory", "onEvent"}) {
    auto function = find(name, source);
    ASSERT_TRUE(function) << function.error().message();
    dispatch(**function);
  }
  EXPECT_EQ(said(), "fine\n");
}

TEST_F(LuaEvents, SayWhatIsWrong) {
  const auto missing = find("onEvent", "function other() end");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("define no global function \"onEvent\""),
            std::string::npos);
  EXPECT_FALSE(find("onEvent", "this is no Lua"));
  options.enabled = false;
  driver_.reset();
  EXPECT_FALSE(find("onEvent", "function onEvent() end"));
}

}  // namespace
}  // namespace tykpp::drivers
