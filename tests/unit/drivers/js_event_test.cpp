// Event handlers in JavaScript: on a thread of their own, one after the other.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

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

}  // namespace
}  // namespace tykpp::drivers
