// Event handlers in JavaScript: on a thread of their own, one after the other.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "common/js_fixture.hpp"

namespace tykpp::drivers {
namespace {

using test::JsFixture;

/// What handlers print until `count` lines are there. They have no way to answer but output.
class Printed {
 public:
  Printed() {
    EXPECT_EQ(::pipe(ends_), 0);
    saved_ = ::dup(STDOUT_FILENO);
    ::dup2(ends_[1], STDOUT_FILENO);
  }
  ~Printed() {
    ::dup2(saved_, STDOUT_FILENO);
    for (const int fd : {ends_[0], ends_[1], saved_}) ::close(fd);
  }
  std::string lines(int count) {
    std::string all;
    char c = 0;
    while (count > 0 && ::read(ends_[0], &c, 1) == 1) {
      all += c;
      count -= c == '\n';
    }
    return all;
  }

 private:
  int ends_[2];
  int saved_;
};

js::JsEvent eventOf(const std::string& type) {
  return {type, R"({"Message":"m","Key":"k"})", "now", "api-1", "org-1"};
}

TEST(JsEvents, CallHandlersOneAfterTheOther) {
  JsFixture js;
  ASSERT_TRUE(js.driver->loadEventHandler(js.file("one.js", R"js(
    var count = 0;
    var one = new TykJS.TykEventHandlers.NewEventHandler({});
    one.NewHandler(function (event, context) {
      count++;
      console.log([event.Type, event.Meta.Message, event.TimeStamp, context.APIID, context.OrgID,
          count].join(" "));
    });
  )js"),
                                          "one"));
  Printed printed;
  js.driver->callEvent("one", eventOf("First"));
  js.driver->callEvent("one", eventOf("Second"));
  EXPECT_EQ(printed.lines(2), "First m now api-1 org-1 1\nSecond m now api-1 org-1 1\n");
}

TEST(JsEvents, GoOnAfterAHandlerThatFailsOrNeverEnds) {
  js::JsOptions options;
  options.timeout = std::chrono::milliseconds(100);
  JsFixture js(options);
  ASSERT_TRUE(js.driver->loadEventHandler(js.file("h.js", R"js(
    var handler = new TykJS.TykEventHandlers.NewEventHandler({});
    handler.NewHandler(function (event, context) {
      if (event.Type === "Throw") throw new Error("on purpose");
      if (event.Type === "Spin") while (true) {}
      console.log(event.Type);
    });
  )js"),
                                          "handler"));
  Printed printed;
  for (const char* type : {"Throw", "Spin", "Fine"}) js.driver->callEvent("handler", eventOf(type));
  EXPECT_EQ(printed.lines(1), "Fine\n");
}

TEST(JsEvents, SayWhatIsWrongWithAHandler) {
  JsFixture js;
  const auto missing = js.driver->loadEventHandler("/nonexistent/handler.js", "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(),
            "Failed to open JS middleware file: /nonexistent/handler.js");
  const auto plain = js.driver->loadEventHandler(js.file("plain.js", "var x = {};"), "x");
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().message().find("DoProcessEvent"), std::string::npos);
}

/// A handler that prints a mark and the event's type.
std::string printing(const std::string& object, const std::string& mark) {
  return "var " + object + " = new TykJS.TykEventHandlers.NewEventHandler({});\n" + object +
         ".NewHandler(function (event) { console.log('" + mark + " ' + event.Type); });\n";
}

TEST(JsEvents, ReplaceAllHandlersAtOnce) {
  JsFixture js;
  const auto one = js.file("one.js", printing("one", "first"));
  const auto two = js.file("two.js", printing("two", "second"));
  for (const auto& outcome :
       js.driver->useEventHandlers({{one, "one"}, {two, "two"}, {one, "one"}}))
    EXPECT_TRUE(outcome);
  Printed printed;
  js.driver->callEvent("one", eventOf("A"));
  js.driver->callEvent("two", eventOf("B"));
  EXPECT_EQ(printed.lines(2), "first A\nsecond B\n");
  js.file("two.js", printing("two", "changed"));
  ASSERT_TRUE(js.driver->useEventHandlers({{two, "two"}}).at(0));
  js.driver->callEvent("one", eventOf("gone"));
  js.driver->callEvent("two", eventOf("C"));
  EXPECT_EQ(printed.lines(1), "changed C\n");
}

TEST(JsEvents, KeepTheOthersWhenOneIsBroken) {
  JsFixture js;
  const auto good = js.file("good.js", printing("good", "fine"));
  const auto bad = js.file("bad.js", "syntax error here");
  const auto outcomes =
      js.driver->useEventHandlers({{bad, "bad"}, {good, "good"}, {"/nonexistent/x.js", "x"}});
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_FALSE(outcomes[0]);
  EXPECT_TRUE(outcomes[1]);
  EXPECT_FALSE(outcomes[2]);
  Printed printed;
  js.driver->callEvent("good", eventOf("A"));
  EXPECT_EQ(printed.lines(1), "fine A\n");
}

TEST(JsEvents, LetTheTicketGoWhenTheyAreDone) {
  JsFixture js;
  ASSERT_TRUE(
      js.driver->useEventHandlers({{js.file("one.js", printing("one", "x")), "one"}}).at(0));
  Printed printed;
  auto ticket = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = ticket;
  js::JsEvent event = eventOf("A");
  event.ticket = std::move(ticket);
  js.driver->callEvent("one", std::move(event));
  EXPECT_EQ(printed.lines(1), "x A\n");
  while (!watched.expired()) std::this_thread::yield();
  // Dropped, when nobody is there to take it.
  js.driver->clearEventHandlers();
  auto second = std::make_shared<int>(1);
  const std::weak_ptr<int> dropped = second;
  event = eventOf("B");
  event.ticket = std::move(second);
  js.driver->callEvent("one", std::move(event));
  EXPECT_TRUE(dropped.expired());
}

}  // namespace
}  // namespace tykpp::drivers
