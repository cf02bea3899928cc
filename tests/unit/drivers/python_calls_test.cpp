// Calls that take long, are given up, or reach the gateway.

#include "python_fixture.hpp"

namespace tykpp::drivers {
namespace {

class PythonCalls : public test::PythonTest {};

constexpr const char* kEndless =
    "@Hook\ndef Endless(request, session, spec):\n    while True:\n        pass\n"
    "@Hook\ndef Mark(request, session, spec):\n    request.add_header('X-Mark', '1')\n"
    "    return request, session\n";

TEST_F(PythonCalls, AnEndlessLoopEndsAndItsThreadServesAgain) {
  options_.workers = 1;
  plugin(kEndless);
  const auto endless = bind("Endless");
  const auto mark = bind("Mark");
  ASSERT_TRUE(endless && mark);
  time_ = std::chrono::milliseconds(50);
  test::TestExchange first;
  const auto verdict = run(*endless, first);  // no timer fires: the thread itself comes back
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), Errc::kPluginTimeout);
  time_ = std::chrono::milliseconds(10'000);
  test::TestExchange second;
  EXPECT_TRUE(run(*mark, second));
  EXPECT_EQ(second.header("X-Mark"), "1");
}

TEST_F(PythonCalls, TheTimerAnswersBeforeTheThreadDoes) {
  plugin(
      "@Hook\ndef Endless(request, session, spec):\n    tyk.store_data('begun', '', 0)\n"
      "    while True:\n        pass\n");
  const auto endless = bind("Endless");
  ASSERT_NE(endless, nullptr);
  time_ = std::chrono::milliseconds(500);
  test::TestExchange exchange;
  const auto running = start(*endless, exchange);
  ASSERT_TRUE(workers_.runOne()) << "the hook has begun";
  workers_.fireTimers();
  ASSERT_TRUE(running->verdict);
  ASSERT_FALSE(*running->verdict);
  EXPECT_EQ(running->verdict->error().code(), Errc::kPluginTimeout);
  EXPECT_EQ(running->verdict->error().message(), "Middleware error");
  EXPECT_TRUE(workers_.runOne()) << "the thread comes back, and nobody waits";
}

TEST_F(PythonCalls, OneTimerServesManyCalls) {
  plugin(kEndless);
  const auto mark = bind("Mark");
  ASSERT_NE(mark, nullptr);
  for (int i = 0; i < 100; ++i) {
    test::TestExchange exchange;
    ASSERT_TRUE(run(*mark, exchange));
  }
  EXPECT_EQ(workers_.timers().size(), 1U);
  workers_.fireTimers();
}

TEST_F(PythonCalls, ARequestMayGoWhileItsHookRuns) {
  plugin(
      "import time\n@Hook\ndef Slow(request, session, spec):\n"
      "    tyk.store_data('begun', '', 0)\n    time.sleep(0.05)\n"
      "    assert request.object.url == '/gone'\n    return request, session\n");
  const auto slow = bind("Slow");
  ASSERT_NE(slow, nullptr);
  {
    test::TestExchange exchange("GET", "/gone");
    HookCall call{Hook::kPre, exchange.exchange, nullptr, Clock::now() + time_};
    ASSERT_TRUE(slow->call(call));
    auto wait = [](BoundPlugin& bound, HookCall& hook) -> net::Task<void> {
      co_await bound.finish(hook);
    };
    // Started and then destroyed, as a connection's coroutine is when the client leaves.
    net::Task<void> task = wait(*slow, call);
    task.await_suspend(std::noop_coroutine()).resume();
    ASSERT_TRUE(workers_.runOne()) << "the hook has begun";
  }
  EXPECT_TRUE(workers_.runOne());
  workers_.fireTimers();
}

TEST_F(PythonCalls, AnExceptionSaysWhatItWas) {
  plugin(
      "@Hook\ndef Broken(request, session, spec):\n    raise ValueError('of mine')\n"
      "@Hook\ndef Exit(request, session, spec):\n    raise SystemExit(1)\n"
      "@Hook\ndef Deep(request, session, spec):\n    return Deep.f(request, session, spec)\n");
  for (const auto& [name, text] :
       {std::pair{"Broken", "ValueError: of mine"}, std::pair{"Exit", "SystemExit: 1"},
        std::pair{"Deep", "RecursionError"}}) {
    const auto bound = bind(name);
    ASSERT_NE(bound, nullptr);
    test::TestExchange exchange;
    const auto verdict = run(*bound, exchange);
    ASSERT_FALSE(verdict);
    EXPECT_NE(verdict.error().detail().find(text), std::string::npos) << verdict.error().detail();
  }
}

TEST_F(PythonCalls, ValuesAreStoredAndLoaded) {
  workers_.stored["coprocess-data:there"] = std::string("\x00\xff", 2);
  check(
      "@Hook\ndef Check(request, session, spec):\n"
      "    assert tyk.store_data('key', 'value', 30) is None\n"
      "    assert tyk.get_data('key') == b'value' and tyk.get_data('missing') == b''\n"
      "    assert tyk.get_data('there') == b'\\x00\\xff'\n"
      "    return request, session\n");
  EXPECT_EQ(workers_.stored["coprocess-data:key"], "value");
  EXPECT_EQ(workers_.last_ttl, std::chrono::seconds(30));
}

TEST_F(PythonCalls, ASilentStorageIsWaitedForASecondAtMost) {
  workers_.silent = true;
  const Clock::time_point start = Clock::now();
  check(
      "@Hook\ndef Check(request, session, spec):\n    assert tyk.get_data('key') == b''\n"
      "    return request, session\n");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
}

TEST_F(PythonCalls, EventsGoToTheGateway) {
  std::string seen;
  options_.trigger_event = [&seen](const std::string& name, const std::string& payload) {
    seen = name + "=" + payload;
  };
  check(
      "@Hook\ndef Check(request, session, spec):\n    tyk.trigger_event('Name', 'payload')\n"
      "    tyk.log('debugging', 'debug')\n    tyk.log_error('wrong')\n"
      "    return request, session\n");
  EXPECT_EQ(seen, "Name=payload");
}

TEST_F(PythonCalls, AChangedModuleIsLoadedBesideTheOldOne) {
  const auto source = [](const std::string& word) {
    return "import word\n@Hook\ndef Mark(request, session, spec):\n"
           "    request.add_header('X-Mark', word.text + '" +
           word + "')\n    return request, session\n";
  };
  const auto marked = [this](BoundPlugin& bound) {
    test::TestExchange exchange;
    return run(bound, exchange) ? std::string(exchange.header("X-Mark")) : "failed";
  };
  write("word.py", "text = 'a'\n");
  plugin(source("1"));
  const auto old = bind("Mark");
  write("word.py", "text = 'b'\n");
  const auto fresh = bind("Mark");
  ASSERT_TRUE(old && fresh);
  EXPECT_EQ(marked(*old), "a1");
  EXPECT_EQ(marked(*fresh), "b1");
}

}  // namespace
}  // namespace tykpp::drivers
