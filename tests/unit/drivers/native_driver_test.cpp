#include "drivers/native/native_driver.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "drivers/native/impl/pending_table.hpp"
#include "drivers/registry.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::native {
namespace {

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class NativeDriverTest : public testing::Test {
 protected:
  Result<std::shared_ptr<const LoadedPlugin>> load(const std::string& path, const char* name,
                                                   Hook hook = Hook::kPre) {
    definition::PluginRef ref;
    ref.name = name;
    ref.path = path;
    return driver_.load(ref, hook, api_);
  }
  /// Loads, binds and calls once.
  Result<HookVerdict> call(const std::string& path, const char* name, test::TestExchange& on,
                           Hook hook = Hook::kPre, TrafficRecord* record = nullptr) {
    auto loaded = load(path, name, hook);
    if (!loaded) return loaded.error();
    bound_ = std::move(*(*loaded)->bind(0));
    HookCall invocation{hook, on.exchange, record, Clock::now() + std::chrono::seconds(2)};
    return bound_->call(invocation);
  }
  /// Calls a hook that defers, and waits for its completion.
  Result<HookVerdict> callAndWait(const char* name, test::TestExchange& on,
                                  Hook hook = Hook::kPre) {
    auto first = call(test::testPlugin("probe"), name, on, hook);
    if (!first || *first != HookVerdict::kPending) return first;
    HookCall invocation{hook, on.exchange, nullptr, {}};
    test::Running<Result<HookVerdict>> running;
    running.start(bound_->finish(invocation), &running);
    const bool woken = running.result.has_value() || workers_.runOne();
    EXPECT_TRUE(woken);
    EXPECT_TRUE(running.result.has_value());
    return *running.result;
  }

  definition::ApiSpec api_;
  test::TestWorkers workers_;
  NativeDriver driver_{{}, workers_};
  std::unique_ptr<BoundPlugin> bound_;
};

TEST_F(NativeDriverTest, AddsTheHeaderOfTheGettingStartedPlugin) {
  test::TestExchange on("GET", "/httpbin/get");
  EXPECT_EQ(*call(test::examplePlugin("add_foo_bar"), "AddFooBar", on), HookVerdict::kContinue);
  EXPECT_EQ(on.header("foo"), "Bar");
}

TEST_F(NativeDriverTest, RunsAPluginWrittenInC) {
  test::TestExchange on;
  EXPECT_EQ(*call(test::examplePlugin("plain_c"), "AddFooBar", on), HookVerdict::kContinue);
  EXPECT_EQ(on.header("Foo"), "Bar");
}

TEST_F(NativeDriverTest, NamesAFunctionThatIsMissing) {
  auto loaded = load(test::examplePlugin("add_foo_bar"), "AddFoo");
  ASSERT_FALSE(loaded);
  EXPECT_CONTAINS(loaded.error().message(), "has no function \"AddFoo\"; it has: AddFooBar");
}

TEST_F(NativeDriverTest, RefusesAFunctionAtAHookItIsNotWrittenFor) {
  auto loaded = load(test::examplePlugin("stamp_response"), "StampResponse", Hook::kPre);
  ASSERT_FALSE(loaded);
  EXPECT_CONTAINS(loaded.error().message(), "cannot be a pre hook; it is written for: response");
  EXPECT_FALSE(load(test::examplePlugin("add_foo_bar"), "AddFooBar", Hook::kAnalytics));
}

TEST_F(NativeDriverTest, AsksForTheBodyOnlyWhenTheHookDoes) {
  EXPECT_EQ((*load(test::examplePlugin("reverse_body"), "ReverseBody"))->bodyNeed(),
            http::BodyNeed::kBuffer);
  EXPECT_EQ((*load(test::examplePlugin("add_foo_bar"), "AddFooBar"))->bodyNeed(),
            http::BodyNeed::kStream);
}

TEST_F(NativeDriverTest, ShowsAPluginTheRequest) {
  api_.api_id = "a1";
  api_.name = "My API";
  api_.org_id = "o1";
  api_.config_data = R"({"k":1})";
  test::TestExchange on("POST", "/a%20b?x=1");
  on.exchange.request().headers.add("x-one", "1");
  ASSERT_TRUE(call(test::testPlugin("probe"), "ReadAll", on));
  EXPECT_EQ(on.header("X-All"),
            "POST|/a%20b?x=1|/a b|x=1|example.org|http|192.0.2.7|a1|My API|o1|{\"k\":1}|ReadAll|"
            "Host=example.org|x-one=1|");
}

void expectEdited(const test::TestExchange& on) {
  const http::Request& request = on.exchange.request();
  EXPECT_EQ(on.header("X-Joined-Values"), "a+b+");
  EXPECT_FALSE(request.headers.contains("x-many"));
  std::string twice;
  for (const http::HeaderField& field : request.headers) {
    if (field.name == "X-Twice") twice += field.value;
  }
  EXPECT_EQ(twice, "12");
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.raw_path, "/new%20path");
  EXPECT_EQ(request.path, "/new path");
  EXPECT_EQ(request.query, "a=b");
  ASSERT_NE(request.body(), nullptr);
  EXPECT_EQ(*request.body(), "sent+edited");
  EXPECT_EQ(request.content_length, 11u);
}

TEST_F(NativeDriverTest, TakesAPluginsEditsOver) {
  test::TestExchange on("POST", "/old");
  on.exchange.request().headers.add("X-Many", "a");
  on.exchange.request().headers.add("x-many", "b");
  on.exchange.request().setBody("sent");
  EXPECT_EQ(*call(test::testPlugin("probe"), "EditAll", on), HookVerdict::kContinue);
  expectEdited(on);
}

TEST_F(NativeDriverTest, RefusesWhatAPluginMustNotDo) {
  test::TestExchange on;
  ASSERT_EQ(*call(test::testPlugin("probe"), "ProbeLimits", on), HookVerdict::kContinue);
  const std::pair<const char*, int> expected[] = {{"P-Host", TYKPP_ERR_DENIED},
                                                  {"P-Length", TYKPP_ERR_DENIED},
                                                  {"P-Te", TYKPP_ERR_DENIED},
                                                  {"P-Connection", TYKPP_ERR_DENIED},
                                                  {"P-Newline", TYKPP_ERR_ARGUMENT},
                                                  {"P-Name", TYKPP_ERR_ARGUMENT},
                                                  {"P-Null", TYKPP_ERR_ARGUMENT},
                                                  {"P-Missing", TYKPP_ERR_NOT_FOUND},
                                                  {"P-Message", TYKPP_ERR_ARGUMENT},
                                                  {"P-Response", TYKPP_ERR_NOT_HERE},
                                                  {"P-Status", TYKPP_ERR_NOT_HERE},
                                                  {"P-Status-Set", TYKPP_ERR_NOT_HERE},
                                                  {"P-Body", TYKPP_ERR_NOT_BUFFERED},
                                                  {"P-Respond", TYKPP_ERR_ARGUMENT},
                                                  {"P-Url", TYKPP_ERR_ARGUMENT},
                                                  {"P-Url-Space", TYKPP_ERR_ARGUMENT},
                                                  {"P-Url-Escape", TYKPP_ERR_ARGUMENT},
                                                  {"P-Url-Loop", TYKPP_ERR_NOT_BUILT},
                                                  {"P-Method", TYKPP_ERR_ARGUMENT},
                                                  {"P-Field", TYKPP_ERR_ARGUMENT},
                                                  {"P-Record", TYKPP_ERR_NOT_HERE},
                                                  {"P-Session", TYKPP_ERR_NOT_FOUND},
                                                  {"P-Session-Bad", TYKPP_ERR_ARGUMENT},
                                                  {"P-Session-Limits", TYKPP_OK},
                                                  {"P-Null-Call", TYKPP_ERR_ARGUMENT},
                                                  {"P-Null-Complete", TYKPP_ERR_ARGUMENT},
                                                  {"P-Unknown-Complete", TYKPP_ERR_GONE}};
  for (const auto& [name, code] : expected)
    EXPECT_EQ(on.header(name), std::to_string(code)) << name;
  EXPECT_EQ(on.exchange.request().target, "/");
  ASSERT_NE(on.exchange.session, nullptr) << "of P-Session-Limits alone";
  EXPECT_EQ(on.exchange.session->data().limit.rate.rate, 5);
}

TEST_F(NativeDriverTest, KeepsHeaderNamesVerbatimWhenConfigured) {
  NativeOptions options;
  options.ignore_canonical_header_names = true;
  NativeDriver verbatim(options, workers_);
  definition::PluginRef ref;
  ref.name = "EditAll";
  ref.path = test::testPlugin("probe");
  auto bound = *(*verbatim.load(ref, Hook::kPre, api_))->bind(0);
  test::TestExchange on;
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  ASSERT_TRUE(bound->call(invocation));
  EXPECT_EQ(on.exchange.request().headers.find("X-Joined-Values")->name, "x-joined-VALUES");
}

TEST_F(NativeDriverTest, EndsTheChainWithAPluginsAnswer) {
  test::TestExchange on;
  EXPECT_EQ(*call(test::testPlugin("probe"), "Answers", on), HookVerdict::kRespond);
  const http::Response& response = on.exchange.response();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(*response.body(), "<html> hello");
  ASSERT_EQ(response.headers.size(), 3u);
  EXPECT_EQ(response.headers.begin()[0].value, "a=1");
  EXPECT_EQ(response.headers.begin()[1].value, "b=2");
  EXPECT_EQ(response.headers.begin()[1].name, "Set-Cookie");
  EXPECT_EQ(on.answered("X-More"), "yes");
}

TEST_F(NativeDriverTest, AuthPluginSetsASessionOrRefuses) {
  api_.config_data = R"({"keys":["red-apple"]})";
  test::TestExchange unknown;
  unknown.exchange.request().headers.add("X-Key", "blue");
  EXPECT_EQ(*call(test::examplePlugin("api_keys"), "CheckKey", unknown, Hook::kAuth),
            HookVerdict::kRespond);
  EXPECT_EQ(unknown.exchange.response().status, 403);
  EXPECT_EQ(unknown.exchange.session, nullptr);

  test::TestExchange known;
  known.exchange.request().headers.add("X-Key", "red-apple");
  EXPECT_EQ(*call(test::examplePlugin("api_keys"), "CheckKey", known, Hook::kAuth),
            HookVerdict::kContinue);
  ASSERT_NE(known.exchange.session, nullptr);
  EXPECT_EQ(known.exchange.session->token(), "red-apple");
  EXPECT_EQ(known.exchange.session->tags(), std::vector<std::string>{"by-plugin"});
  EXPECT_FALSE(known.exchange.request().headers.contains("X-Key"));

  EXPECT_TRUE(call(test::examplePlugin("who_is_it"), "TellUpstream", known, Hook::kPostAuth));
  EXPECT_EQ(known.header("X-Client-Key"), "red-apple");
}

TEST_F(NativeDriverTest, ResponsePluginEditsTheUpstreamsAnswer) {
  api_.name = "shop";
  test::TestExchange on;
  on.upstreamAnswered(404, "gone");
  EXPECT_EQ(*call(test::examplePlugin("stamp_response"), "StampResponse", on, Hook::kResponse),
            HookVerdict::kContinue);
  EXPECT_EQ(on.exchange.response().status, 410);
  EXPECT_EQ(on.answered("X-Stamped-By"), "shop");
  EXPECT_EQ(on.answered("Server"), "");
  EXPECT_EQ(on.answered("Content-Length"), "999");

  EXPECT_TRUE(call(test::examplePlugin("stamp_response"), "SignBody", on, Hook::kResponse));
  EXPECT_EQ(*on.exchange.response().body(), "gone\n-- through tykpp\n");
  EXPECT_EQ(on.answered("Content-Length"), "") << "the upstream's length is wrong now";
}

TEST_F(NativeDriverTest, ResponsePluginReplacesTheUpstreamsAnswer) {
  test::TestExchange on;
  on.upstreamAnswered(200, "secret");
  EXPECT_EQ(*call(test::testPlugin("probe"), "ReplaceAnswer", on, Hook::kResponse),
            HookVerdict::kRespond);
  EXPECT_EQ(on.exchange.response().status, 502);
  EXPECT_EQ(*on.exchange.response().body(), "replaced");
  EXPECT_EQ(on.exchange.response().headers.size(), 1u);
}

TEST_F(NativeDriverTest, AnalyticsPluginEditsAndDropsRecords) {
  test::TestExchange on;
  TrafficRecord record;
  record.path = "/x";
  record.ip_address = "192.0.2.7";
  const std::string plugin = test::examplePlugin("mask_record");
  EXPECT_EQ(*call(plugin, "MaskRecord", on, Hook::kAnalytics, &record), HookVerdict::kContinue);
  EXPECT_EQ(record.ip_address, "192.0.2.0");
  record.path = "/health";
  EXPECT_EQ(*call(plugin, "MaskRecord", on, Hook::kAnalytics, &record), HookVerdict::kDrop);
}

TEST_F(NativeDriverTest, TurnsEveryKindOfMisbehaviourIntoA500) {
  for (const char* name :
       {"ThrowsText", "ThrowsNumber", "RawThrow", "AnswersThenFails", "RespondsWithoutAnswer",
        "PendingWithoutDefer", "UnknownVerdict", "Drops"}) {
    test::TestExchange on;
    auto verdict = call(test::testPlugin("misbehave"), name, on);
    ASSERT_FALSE(verdict) << name;
    EXPECT_EQ(verdict.error().code(), Errc::kPluginFailed) << name;
    EXPECT_EQ(verdict.error().status(), 500);
    EXPECT_EQ(verdict.error().message(), "Internal Server Error");
    EXPECT_EQ(verdict.error().side(), Side::kPlugin);
    EXPECT_EQ(on.exchange.response().status, 0) << name;
    EXPECT_EQ(on.exchange.response().body(), nullptr) << name;
    EXPECT_EQ(on.exchange.response().headers.size(), 0u) << name;
  }
}

TEST_F(NativeDriverTest, TellsTheOperatorWhatThePluginThrew) {
  for (const auto& [name, text] : {std::pair{"ThrowsText", "I am broken"},
                                   {"RawThrow", "raw"},
                                   {"ThrowsNumber", "no std::exception"}}) {
    test::TestExchange on;
    auto verdict = call(test::testPlugin("misbehave"), name, on);
    ASSERT_FALSE(verdict);
    EXPECT_CONTAINS(verdict.error().detail(), text);
  }
}

TEST_F(NativeDriverTest, TakesEditsOfAPluginsThreadOverWhenItCompletes) {
  test::TestExchange on("POST", "/old");
  on.exchange.request().headers.add("X-Many", "a");
  on.exchange.request().headers.add("x-many", "b");
  on.exchange.request().setBody("sent");
  EXPECT_EQ(*callAndWait("EditLater", on), HookVerdict::kContinue);
  expectEdited(on);
  EXPECT_EQ(on.header("X-Before-Defer"), "1");
  EXPECT_EQ(on.header("X-Read-Back"), "a+b+");
  ASSERT_NE(on.exchange.session, nullptr);
  EXPECT_EQ(on.exchange.session->token(), "late-key");
}

TEST_F(NativeDriverTest, AnswersFromAPluginsThread) {
  test::TestExchange on;
  EXPECT_EQ(*callAndWait("AnswerLater", on), HookVerdict::kRespond);
  EXPECT_EQ(on.exchange.response().status, 403);
  EXPECT_EQ(*on.exchange.response().body(), "{\"no\":1}");
  EXPECT_EQ(on.answered("Content-Type"), "application/json");
}

TEST_F(NativeDriverTest, EditsAResponseFromAPluginsThread) {
  test::TestExchange on;
  on.upstreamAnswered(200, "12345");
  EXPECT_EQ(*callAndWait("StampLater", on, Hook::kResponse), HookVerdict::kContinue);
  EXPECT_EQ(on.exchange.response().status, 203);
  EXPECT_EQ(on.answered("X-Stamp"), "5");
  EXPECT_EQ(on.answered("Server"), "upstream");
  EXPECT_EQ(*on.exchange.response().body(), "stamped");
}

TEST_F(NativeDriverTest, CarriesALargeBodyThroughADeferredCall) {
  test::TestExchange on("POST", "/");
  on.exchange.request().setBody(std::string(std::size_t{8} << 20, 'x'));
  EXPECT_EQ(*callAndWait("EditLater", on), HookVerdict::kContinue);
  EXPECT_EQ(on.exchange.request().body()->size(), (std::size_t{8} << 20) + 7);
}

TEST(DriverRegistry, FindsEveryDriverItNames) {
  test::TestWorkers workers;
  const auto registry = makeRegistry(definition::GatewayConfig{}, workers);
  ASSERT_NE(registry->find("native"), nullptr);
  EXPECT_EQ(registry->find("native"), registry->find("goplugin"));
  EXPECT_EQ(registry->find("cobol"), nullptr);
  for (const std::string_view name : registry->names()) {
    EXPECT_NE(registry->find(name), nullptr) << name;
  }
}

TEST(DriverRegistry, NamesTheHooks) {
  EXPECT_EQ(hookName(Hook::kPre), "pre");
  EXPECT_EQ(hookName(Hook::kPostAuth), "post_auth");
  EXPECT_EQ(hookName(Hook::kAnalytics), "analytics");
}

}  // namespace
}  // namespace tykpp::drivers::native
