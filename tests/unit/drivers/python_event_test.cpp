// Event handlers in Python: functions marked @Event.

#include "python_fixture.hpp"

namespace tykpp::drivers {
namespace {

constexpr const char* kPythonPayload =
    R"({"message": {"Type": "AuthFailure", "Meta": {"Path": "/a"}, "TimeStamp": "now"}, "handler_name": "onEvent", "spec": {"APIID": "api", "OrgID": "org"}})";

class PythonEvents : public test::PythonTest {
 protected:
  /// The API has one hook, whose file the handlers are in.
  Result<std::shared_ptr<EventFunction>> find(const std::string& name) {
    definition::PluginRef hook;
    hook.name = "Hook";
    hook.driver = "python";
    hook.path = (folder_ / "plugin.py").string();
    api_.hooks.pre = {hook};
    return driver().findEventFunction(name, api_);
  }
  /// Dispatches an event and waits until nobody holds it any more.
  void dispatch(EventFunction& function) {
    auto ticket = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = ticket;
    function.dispatch(kPythonPayload, std::move(ticket));
    while (!watched.expired()) ASSERT_TRUE(workers_.runOne());
  }
};

TEST_F(PythonEvents, CallTheMarkedFunctionWithEventAndSpec) {
  plugin(
      "@Event\n"
      "def onEvent(event, spec):\n"
      "    tyk.store_data('seen', ' '.join([event.handler_name, event.message['Type'],\n"
      "        event.message['Meta']['Path'], event.message['TimeStamp'], spec['APIID'], "
      "spec['OrgID']]), 0)\n");
  auto function = find("onEvent");
  ASSERT_TRUE(function) << function.error().message();
  dispatch(**function);
  ASSERT_EQ(workers_.stored.size(), 1U);
  EXPECT_EQ(workers_.stored.begin()->second, "onEvent AuthFailure /a now api org");
}

TEST_F(PythonEvents, GoOnAfterAFunctionThatRaises) {
  plugin(
      "count = 0\n"
      "@Event\n"
      "def onEvent(event, spec):\n"
      "    global count\n"
      "    count += 1\n"
      "    if count == 1:\n"
      "        raise ValueError('on purpose')\n"
      "    tyk.store_data('seen', str(count), 0)\n");
  auto function = find("onEvent");
  ASSERT_TRUE(function) << function.error().message();
  dispatch(**function);
  EXPECT_TRUE(workers_.stored.empty());
  dispatch(**function);
  ASSERT_EQ(workers_.stored.size(), 1U);
  EXPECT_EQ(workers_.stored.begin()->second, "2");
}

TEST_F(PythonEvents, ComeOneAfterTheOther) {
  plugin(
      "import threading, time\n"
      "inside = 0\n"
      "most = 0\n"
      "@Event\n"
      "def onEvent(event, spec):\n"
      "    global inside, most\n"
      "    inside += 1\n"
      "    most = max(most, inside)\n"
      "    time.sleep(0.01)\n"
      "    inside -= 1\n"
      "    tyk.store_data('most', str(most), 0)\n");
  auto function = find("onEvent");
  ASSERT_TRUE(function) << function.error().message();
  auto ticket = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = ticket;
  for (int i = 0; i < 5; ++i) (*function)->dispatch(kPythonPayload, ticket);
  ticket.reset();
  while (!watched.expired()) ASSERT_TRUE(workers_.runOne());
  EXPECT_EQ(workers_.stored.begin()->second, "1");
}

TEST_F(PythonEvents, EndAFunctionThatDoesNot) {
  options_.event_timeout = std::chrono::milliseconds(100);
  plugin(
      "@Event\n"
      "def onEvent(event, spec):\n"
      "    while True: pass\n");
  auto function = find("onEvent");
  ASSERT_TRUE(function) << function.error().message();
  dispatch(**function);
}

TEST_F(PythonEvents, SayWhatIsWrong) {
  EXPECT_FALSE(driver().findEventFunction("onEvent", api_));
  plugin("@Event\ndef three(event, spec, more):\n    pass\n");
  const auto missing = find("onEvent");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("Hook is not defined: onEvent"), std::string::npos);
  const auto three = find("three");
  ASSERT_FALSE(three);
  EXPECT_NE(three.error().message().find("two parameters"), std::string::npos);
  EXPECT_EQ(three.error().code(), Errc::kBadPlugin);
}

TEST_F(PythonEvents, FireEventsOfTheGateway) {
  std::string fired;
  options_.trigger_event = [&fired](std::string name, std::string payload) {
    fired = name + " " + payload;
  };
  plugin(
      "@Hook\n"
      "def Tell(request, session, spec):\n"
      "    tyk.trigger_event('Deployed', 'version 2')\n"
      "    return request, session\n");
  const auto bound = bind("Tell");
  ASSERT_NE(bound, nullptr);
  test::TestExchange exchange;
  EXPECT_TRUE(run(*bound, exchange));
  EXPECT_EQ(fired, "Deployed version 2");
}

}  // namespace
}  // namespace tykpp::drivers
