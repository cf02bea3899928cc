// What revision 1.1 of the plugin ABI added, in process.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>

#include "common/plugin_fixture.hpp"
#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/impl/native_plugin.hpp"
#include "drivers/native/native_driver.hpp"
#include "http/client_watch.hpp"

namespace tykpp::drivers::native {
namespace {

NativeOptions optionsWithConfig() {
  NativeOptions options;
  options.config_text = R"({"storage":{"host":"redis"}})";
  return options;
}

class NativeLaterTest : public testing::Test {
 protected:
  std::unique_ptr<BoundPlugin> bind(const char* name, Hook hook = Hook::kPre) {
    definition::PluginRef ref;
    ref.name = name;
    ref.path = test::testPlugin("later");
    auto loaded = driver_.load(ref, hook, api_);
    EXPECT_TRUE(loaded) << loaded.error().message();
    return std::move(*(*loaded)->bind(0));
  }
  Result<HookVerdict> call(const char* name, test::TestExchange& on, Hook hook = Hook::kPre,
                           TrafficRecord* record = nullptr) {
    bound_ = bind(name, hook);
    HookCall invocation{hook, on.exchange, record, Clock::now() + std::chrono::seconds(2)};
    return bound_->call(invocation);
  }
  int inPlugin(const char* symbol) {
    ObjectStore store("");
    auto object = store.open(test::testPlugin("later"));
    Dl_info where{};
    if (::dladdr((*object)->info, &where) == 0) return -1;
    void* handle = ::dlopen(where.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    auto* function = reinterpret_cast<int (*)()>(::dlsym(handle, symbol));
    return function != nullptr ? function() : -1;
  }
  static std::string joined(const http::Headers& headers) {
    std::string text;
    for (const http::HeaderField& field : headers) {
      text += std::string(field.name) + "=" + std::string(field.value) + ";";
    }
    return text;
  }

  definition::ApiSpec api_;
  test::TestWorkers workers_;
  NativeDriver driver_{optionsWithConfig(), workers_};
  std::unique_ptr<BoundPlugin> bound_;
};

TEST_F(NativeLaterTest, KeepsHeadersForWhoeverAnswers) {
  test::TestExchange on;
  EXPECT_EQ(*call("Stamp", on), HookVerdict::kContinue);
  EXPECT_EQ(joined(on.exchange.answer_headers), "X-Stamp=1;X-Stamp=2;");
  EXPECT_EQ(on.exchange.response().headers.size(), 0u);
  EXPECT_FALSE(on.exchange.request().headers.contains("X-Stamp"));
}

TEST_F(NativeLaterTest, KeepsThemWhenTheHookFails) {
  test::TestExchange on;
  on.exchange.request().headers.add("X-Fail", "1");
  EXPECT_FALSE(call("Stamp", on));
  EXPECT_EQ(joined(on.exchange.answer_headers), "X-Stamp=1;X-Stamp=2;");
}

TEST_F(NativeLaterTest, TellsFactsAboutRequestApiAndGateway) {
  api_.api_id = "a1";
  api_.classic_text = R"({"name":"shop"})";
  test::TestExchange on("GET", "/a?b");
  on.exchange.request().received_target = "http://example.org/a?b";
  on.exchange.peer.port = 4711;
  ASSERT_TRUE(call("TellFacts", on));
  EXPECT_EQ(on.header("X-Facts"),
            "HTTP/1.1|192.0.2.7:4711|http://example.org/a?b|42|{\"name\":\"shop\"}|classic|5.13.0|"
            "{\"storage\":{\"host\":\"redis\"}}|");
  api_.is_oas = true;
  api_.oas_text = R"({"openapi":"3.0.3"})";
  test::TestExchange six("GET", "/");
  six.exchange.request().version_minor = 0;
  six.exchange.peer.address = "2001:db8::1";
  ASSERT_TRUE(call("TellFacts", six));
  EXPECT_EQ(six.header("X-Facts").substr(0, 23), "HTTP/1.0|[2001:db8::1]:");
  EXPECT_NE(six.header("X-Facts").find("{\"openapi\":\"3.0.3\"}|oas|"), std::string_view::npos);
}

TEST_F(NativeLaterTest, CarriesStateFromHookToHookAndDropsItWithTheRequest) {
  const int before = inPlugin("testDropped");
  {
    test::TestExchange on;
    on.exchange.request().headers.add("X-Word", "one");
    ASSERT_TRUE(call("Remember", on));
    ASSERT_TRUE(call("Remember", on, Hook::kPost));
    EXPECT_EQ(inPlugin("testDropped"), before + 1);
    on.upstreamAnswered(200, "");
    ASSERT_TRUE(call("Recall", on, Hook::kResponse));
    EXPECT_EQ(on.answered("X-State"), "one,one");
    test::TestExchange other;
    other.upstreamAnswered(200, "");
    ASSERT_TRUE(call("Recall", other, Hook::kResponse));
    EXPECT_EQ(other.answered("X-State"), "none");
  }
  EXPECT_EQ(inPlugin("testDropped"), before + 2);
}

TEST_F(NativeLaterTest, ForgetsStateWhenAsked) {
  const int before = inPlugin("testDropped");
  test::TestExchange on;
  ASSERT_TRUE(call("Remember", on));
  ASSERT_TRUE(call("Forget", on));
  EXPECT_EQ(inPlugin("testDropped"), before + 1);
  on.upstreamAnswered(200, "");
  ASSERT_TRUE(call("Recall", on, Hook::kResponse));
  EXPECT_EQ(on.answered("X-State"), "none");
}

TEST_F(NativeLaterTest, TakesStateAndHeadersOverFromAPluginsThread) {
  const int before = inPlugin("testDropped");
  {
    test::TestExchange on;
    on.exchange.request().headers.add("X-Word", "late");
    ASSERT_TRUE(call("Remember", on));
    ASSERT_EQ(*call("RememberLater", on), HookVerdict::kPending);
    HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
    test::Running<Result<HookVerdict>> running;
    running.start(bound_->finish(invocation), &running);
    EXPECT_TRUE(workers_.runOne());
    ASSERT_TRUE(running.result);
    EXPECT_EQ(joined(on.exchange.answer_headers), "X-Stamp=1;X-Stamp=2;");
    on.upstreamAnswered(200, "");
    ASSERT_TRUE(call("Recall", on, Hook::kResponse));
    EXPECT_EQ(on.answered("X-State"), "late,late");
  }
  workers_.fireTimers();
  EXPECT_EQ(inPlugin("testDropped"), before + 2);
}

TEST_F(NativeLaterTest, TellsAWaitingPluginThatItsDeadlineHasPassed) {
  const int before = inPlugin("testEnded");
  test::TestExchange on;
  ASSERT_EQ(*call("NeverEnds", on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  test::Running<Result<HookVerdict>> running;
  running.start(bound_->finish(invocation), &running);
  EXPECT_EQ(inPlugin("testEnded"), before);
  workers_.fireTimers();
  EXPECT_EQ(inPlugin("testEnded"), before + 1);
  ASSERT_TRUE(running.result);
  EXPECT_EQ(running.result->error().code(), Errc::kPluginTimeout);
}

TEST_F(NativeLaterTest, TellsAWaitingPluginThatTheClientHasLeft) {
  const int before = inPlugin("testEnded");
  test::TestExchange on;
  ASSERT_EQ(*call("NeverEnds", on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  test::Running<Result<HookVerdict>> running;
  running.start(bound_->finish(invocation), &running);
  http::ClientWatch::tell(on.exchange);
  EXPECT_FALSE(running.result) << "nobody is resumed in the middle of the loop's work";
  EXPECT_TRUE(workers_.runOne());
  EXPECT_EQ(inPlugin("testEnded"), before + 1);
  ASSERT_TRUE(running.result);
  EXPECT_EQ(running.result->error().code(), Errc::kClientGone);
}

TEST_F(NativeLaterTest, ShowsARecordAsJsonAndTakesFieldsOver) {
  test::TestExchange on;
  TrafficRecord record;
  record.path = "/x";
  record.api_name = "shop";
  record.response_code = 200;
  record.timestamp = 86400;
  record.timestamp_ns = 5;
  record.day = 2;
  record.request_time_ms = 5;
  record.latency_total_us = 5500;
  record.latency_upstream_us = 2500;
  const std::array<std::string_view, 1> tags{"one"};
  record.tags = tags;
  ASSERT_TRUE(call("EditRecord", on, Hook::kAnalytics, &record));
  for (const char* part :
       {R"("path":"/x")", R"("api_name":"shop")", R"("response_code":200)", R"("day":2)",
        R"("timestamp":"1970-01-02T00:00:00.000000005Z")", R"("request_time":5)",
        R"("upstream":2)", R"("tags":["one"])", R"("track_path":false)"}) {
    EXPECT_NE(record.user_agent.find(part), std::string_view::npos) << part;
  }
  EXPECT_EQ(record.path, "/masked");
  EXPECT_EQ(record.response_code, 299);
  EXPECT_EQ(record.timestamp, 981173106);
  EXPECT_EQ(record.latency_total_us, 7000);
  EXPECT_EQ(record.latency_upstream_us, 2500) << "what is not named stays";
  EXPECT_EQ(record.api_name, "shop");
  EXPECT_EQ(record.timestamp_ns, 250000000);
  EXPECT_EQ(record.alias, "pseudonym");
  EXPECT_EQ(record.track_path, 1);
  EXPECT_EQ(record.geo, R"({"country":{"iso_code":"DE"}})");
  ASSERT_EQ(record.tags.size(), 2u);
  EXPECT_EQ(record.tags[1], "by-plugin");
}

TEST_F(NativeLaterTest, TakesNothingOverFromARecordOfWrongTypes) {
  test::TestExchange on;
  TrafficRecord record;
  record.path = "/x";
  EXPECT_FALSE(call("BreakRecord", on, Hook::kAnalytics, &record));
  EXPECT_EQ(record.path, "/x");
}

TEST_F(NativeLaterTest, RefusesThemWhereTheyDoNotBelong) {
  test::TestExchange on;
  tykpp_call_host host;
  host.exchange = &on.exchange;
  host.facts = std::make_shared<const FunctionFacts>();
  std::size_t count = 0;
  void* state = nullptr;
  tykpp_text_host text{};
  EXPECT_EQ(kHostApi.on_gone(
                &host, [](void*) {}, nullptr),
            TYKPP_ERR_NOT_HERE);
  EXPECT_EQ(kHostApi.record_get(&host, &text), TYKPP_ERR_NOT_HERE);
  EXPECT_EQ(kHostApi.record_set(&host, {"{}", 2}), TYKPP_ERR_NOT_HERE);
  EXPECT_EQ(kHostApi.header_count(&host, TYKPP_ANSWER, &count), TYKPP_OK);
  EXPECT_EQ(kHostApi.header_set(&host, TYKPP_ANSWER, {"Content-Length", 14}, {"1", 1}),
            TYKPP_ERR_DENIED);
  EXPECT_EQ(kHostApi.gateway_text(99, &text), TYKPP_ERR_ARGUMENT);
  EXPECT_EQ(kHostApi.gateway_text(TYKPP_GATEWAY_VERSION, nullptr), TYKPP_ERR_ARGUMENT);
  host.hook = Hook::kResponse;
  EXPECT_EQ(kHostApi.header_count(&host, TYKPP_ANSWER, &count), TYKPP_ERR_NOT_HERE);
  host.hook = Hook::kAnalytics;
  EXPECT_EQ(kHostApi.state_get(&host, &state), TYKPP_ERR_NOT_HERE);
  EXPECT_EQ(kHostApi.state_set(&host, &host, nullptr), TYKPP_ERR_NOT_HERE);
}

TEST_F(NativeLaterTest, PluginsNoticeAnOlderGateway) {
  ObjectStore store("");
  auto object = store.open(test::testPlugin("later"));
  ASSERT_TRUE(object);
  tykpp_api_host old = kHostApi;
  old.size = offsetof(tykpp_api_host, gateway_text);
  old.state_set = nullptr;
  test::TestExchange on;
  tykpp_call_host host;
  host.exchange = &on.exchange;
  host.facts = std::make_shared<const FunctionFacts>();
  EXPECT_EQ((*object)->find("Remember")->function(&old, &host), TYKPP_FAILED);
  EXPECT_NE(host.reason.find("cannot do that yet"), std::string::npos) << host.reason;
}

TEST(NativeTable, KeepsThePlacesOfRevisionOne) {
  // A plugin that was built with 1.0 calls by these offsets.
  EXPECT_EQ(offsetof(tykpp_api_host, log), 8u);
  EXPECT_EQ(offsetof(tykpp_api_host, complete), 8 + 24 * sizeof(void*));
  EXPECT_EQ(offsetof(tykpp_api_host, gateway_text), 8 + 25 * sizeof(void*));
  EXPECT_EQ(kHostApi.size, 8 + 31 * sizeof(void*));
  EXPECT_EQ(sizeof(tykpp_info_plugin), 48u);
  EXPECT_EQ(sizeof(tykpp_hook_plugin), 24u);
}

}  // namespace
}  // namespace tykpp::drivers::native
