#include "hooks/hook_step.hpp"

#include <gtest/gtest.h>

#include <cstddef>

#include "common/fired_events.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/gateway_config.hpp"
#include "drivers/registry.hpp"
#include "session/session_state.hpp"

namespace tykpp::test {
/// Heap allocations of this thread so far (count_new_test.cpp).
std::size_t allocations() noexcept;
}  // namespace tykpp::test

namespace tykpp::hooks {
namespace {

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

class HookStepTest : public testing::Test {
 protected:
  static definition::PluginRef ref(std::string path, const char* name, const char* pointer) {
    definition::PluginRef out;
    out.name = name;
    out.path = std::move(path);
    out.driver = "native";
    out.pointer = pointer;
    return out;
  }
  chain::BuildContext build() { return {api_, config_, 2, registry_.get()}; }
  /// The one pre hook of an API.
  const HookStep& pre(std::string path, const char* name,
                      definition::OnPluginError on_error = definition::OnPluginError::kFail) {
    api_.hooks.pre = {ref(std::move(path), name, "/custom_middleware/pre/0")};
    api_.hooks.pre[0].on_error = on_error;
    auto steps = createPreHooks(build());
    EXPECT_TRUE(steps) << steps.error().message();
    steps_ = std::move(*steps);
    return static_cast<const HookStep&>(*steps_.at(0));
  }

  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  test::TestWorkers workers_;
  std::unique_ptr<drivers::DriverRegistry> registry_ = drivers::makeRegistry(config_, workers_);
  Steps steps_;
};

TEST_F(HookStepTest, RunsAPreHookAndGoesOn) {
  const HookStep& step = pre(test::examplePlugin("add_foo_bar"), "AddFooBar");
  test::TestExchange on;
  EXPECT_EQ(*step.onRequest(on.exchange), chain::Verdict::kContinue);
  EXPECT_EQ(on.header("Foo"), "Bar");
  EXPECT_EQ(step.name(), "pre:AddFooBar");
  EXPECT_EQ(step.requestBody(), http::BodyNeed::kStream);
}

TEST_F(HookStepTest, AllocatesNothingOnceWarm) {
  const HookStep& step = pre(test::examplePlugin("add_foo_bar"), "AddFooBar");
  test::TestExchange on;
  ASSERT_TRUE(step.onRequest(on.exchange));
  const std::size_t before = test::allocations();
  ASSERT_TRUE(step.onRequest(on.exchange));
  EXPECT_EQ(test::allocations() - before, 0u);
}

TEST_F(HookStepTest, FiresAuthFailureWhenANativePluginForbids) {
  test::Fired fired("AuthFailure");
  api_.custom_auth = true;
  api_.hooks.auth = ref(test::examplePlugin("api_keys"), "CheckKey", "/auth");
  chain::BuildContext context = build();
  context.events = fired.emitter();
  auto steps = createAuthHook(context);
  ASSERT_TRUE(steps) << steps.error().message();
  test::TestExchange on;
  EXPECT_EQ(*steps->at(0)->onRequest(on.exchange), chain::Verdict::kRespond);
  EXPECT_EQ(on.exchange.response().status, 403);
  EXPECT_EQ(fired.all(), std::vector<std::string>{"AuthFailure Auth Failure n/a"});
}

TEST_F(HookStepTest, FiresNothingForOtherAnswers) {
  test::Fired fired("AuthFailure");
  api_.hooks.pre = {ref(test::examplePlugin("maintenance"), "Maintenance", "/0")};
  chain::BuildContext context = build();
  context.events = fired.emitter();
  auto steps = createPreHooks(context);
  ASSERT_TRUE(steps);
  test::TestExchange on;
  EXPECT_EQ(*steps->at(0)->onRequest(on.exchange), chain::Verdict::kRespond);
  EXPECT_TRUE(fired.all().empty());
}

TEST_F(HookStepTest, KeepsHooksInTheirOrder) {
  api_.hooks.post = {ref(test::examplePlugin("add_foo_bar"), "AddFooBar", "/0"),
                     ref(test::examplePlugin("maintenance"), "Maintenance", "/1")};
  auto steps = createPostHooks(build());
  ASSERT_TRUE(steps);
  ASSERT_EQ(steps->size(), 2u);
  EXPECT_EQ((*steps)[0]->name(), "post:AddFooBar");
  EXPECT_EQ((*steps)[1]->name(), "post:Maintenance");
}

TEST_F(HookStepTest, AsksForTheBodyWhenTheFunctionDoes) {
  EXPECT_EQ(pre(test::examplePlugin("reverse_body"), "ReverseBody").requestBody(),
            http::BodyNeed::kBuffer);
}

TEST_F(HookStepTest, EndsTheChainWithAnEarlyAnswer) {
  const HookStep& step = pre(test::examplePlugin("maintenance"), "Maintenance");
  test::TestExchange on;
  EXPECT_EQ(*step.onRequest(on.exchange), chain::Verdict::kRespond);
  EXPECT_EQ(on.exchange.response().status, 503);
  EXPECT_EQ(on.answered("Retry-After"), "60");
  EXPECT_EQ(step.runner().counts().responded, 1u);
}

TEST_F(HookStepTest, GivesAnAnswerWithoutContentTypeOne) {
  const HookStep& step = pre(test::testPlugin("probe"), "Answers");
  test::TestExchange on;
  ASSERT_TRUE(step.onRequest(on.exchange));
  EXPECT_EQ(on.answered("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(HookStepTest, SuspendsForAHookThatWaits) {
  const HookStep& step = pre(test::examplePlugin("ask_elsewhere"), "AskElsewhere");
  test::TestExchange on;
  ASSERT_EQ(*step.onRequest(on.exchange), chain::Verdict::kSuspend);
  test::Running<Result<chain::Verdict>> running;
  running.start(step.finish(on.exchange), &running);
  if (!running.result) {
    ASSERT_TRUE(workers_.runOne());
  }
  ASSERT_TRUE(running.result);
  EXPECT_EQ(**running.result, chain::Verdict::kContinue);
  EXPECT_NE(on.header("X-Served-By-Clerk"), "");
}

TEST_F(HookStepTest, FailsTheRequestWhenThePluginFails) {
  const HookStep& step = pre(test::testPlugin("misbehave"), "ThrowsText");
  test::TestExchange on;
  auto verdict = step.onRequest(on.exchange);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 500);
  EXPECT_EQ(verdict.error().message(), "Internal Server Error");
  EXPECT_EQ(step.runner().counts().errors, 1u);
  EXPECT_EQ(step.runner().counts().skipped, 0u);
}

TEST_F(HookStepTest, GoesOnAfterAFailureWhenTold) {
  const HookStep& step =
      pre(test::testPlugin("misbehave"), "AnswersThenFails", definition::OnPluginError::kSkip);
  test::TestExchange on;
  EXPECT_EQ(*step.onRequest(on.exchange), chain::Verdict::kContinue);
  EXPECT_EQ(on.exchange.response().status, 0);
  EXPECT_EQ(step.runner().counts().skipped, 1u);
}

TEST_F(HookStepTest, CountsTimeoutsAndHonoursOnErrorForThem) {
  for (const auto on_error : {definition::OnPluginError::kFail, definition::OnPluginError::kSkip}) {
    const HookStep& step = pre(test::testPlugin("misbehave"), "NeverCompletes", on_error);
    test::TestExchange on;
    ASSERT_EQ(*step.onRequest(on.exchange), chain::Verdict::kSuspend);
    test::Running<Result<chain::Verdict>> running;
    running.start(step.finish(on.exchange), &running);
    workers_.fireTimers();
    ASSERT_TRUE(running.result);
    EXPECT_EQ(running.result->has_value(), on_error == definition::OnPluginError::kSkip);
    EXPECT_EQ(step.runner().counts().timeouts, 1u);
  }
}

TEST_F(HookStepTest, GivesADeferredHookItsBudget) {
  api_.hooks.pre = {ref(test::testPlugin("misbehave"), "NeverCompletes", "/0")};
  api_.hooks.pre[0].timeout = std::chrono::milliseconds(1234);
  auto steps = createPreHooks(build());
  test::TestExchange on;
  const auto before = Clock::now();
  ASSERT_TRUE((*steps)[0]->onRequest(on.exchange));
  const auto after = Clock::now();
  test::Running<Result<chain::Verdict>> running;
  running.start((*steps)[0]->finish(on.exchange), &running);
  ASSERT_EQ(workers_.timers().size(), 1u);
  EXPECT_GE(workers_.timers()[0].first, before + std::chrono::milliseconds(1234));
  EXPECT_LE(workers_.timers()[0].first, after + std::chrono::milliseconds(1234));
  workers_.fireTimers();
}

TEST_F(HookStepTest, NoticesASynchronousHookThatHoldsItsWorkerTooLong) {
  api_.hooks.pre = {ref(test::testPlugin("misbehave"), "Blocks", "/0")};
  api_.hooks.pre[0].timeout = std::chrono::milliseconds(1);
  auto steps = createPreHooks(build());
  test::TestExchange on;
  EXPECT_TRUE((*steps)[0]->onRequest(on.exchange));
  EXPECT_EQ(static_cast<const HookStep&>(*(*steps)[0]).runner().counts().overruns, 1u);
}

TEST_F(HookStepTest, SumsTheCountersOfAllWorkers) {
  const HookStep& step = pre(test::examplePlugin("add_foo_bar"), "AddFooBar");
  test::TestExchange on;
  BlockPool pool;
  Arena arena(pool);
  http::Exchange other(arena, 1, 43);
  ASSERT_TRUE(step.onRequest(on.exchange));
  ASSERT_TRUE(step.onRequest(on.exchange));
  ASSERT_TRUE(step.onRequest(other));
  EXPECT_EQ(step.runner().counts().calls, 3u);
}

TEST_F(HookStepTest, RefusesEveryRequestWhenItsPluginCannotBeLoadedAndNoEarlierOneServes) {
  api_.hooks.pre = {ref("/gone.so", "f", "/custom_middleware/pre/0")};
  chain::BuildContext tolerant = build();
  std::vector<Error> broken;
  tolerant.broken = &broken;
  for (const char* driver : {"native", "cobol"}) {
    api_.hooks.pre[0].driver = driver;
    auto steps = createPreHooks(tolerant);
    ASSERT_TRUE(steps) << driver;
    const auto& step = static_cast<const HookStep&>(*steps->at(0));
    test::TestExchange on;
    const auto verdict = step.onRequest(on.exchange);
    ASSERT_FALSE(verdict) << driver;
    EXPECT_EQ(verdict.error().status(), 500);
    EXPECT_EQ(verdict.error().message(), "Internal Server Error");
    EXPECT_FALSE(step.runner().broken().empty());
    ASSERT_FALSE(broken.empty());
    EXPECT_EQ(broken.back().where(), "/custom_middleware/pre/0");
    EXPECT_EQ(broken.back().message(), step.runner().broken());
    EXPECT_EQ(step.runner().counts().errors, 1U);
  }
}

TEST_F(HookStepTest, LeavesCoprocessHooksOutOrFailsThemWhileTheyAreSwitchedOff) {
  api_.use_keyless = false;
  api_.custom_auth = true;
  definition::PluginRef lua = ref("/x.lua", "f", "/custom_middleware/pre/0");
  lua.driver = "lua";
  api_.hooks.pre = {lua};
  api_.hooks.auth = lua;
  chain::BuildContext tolerant = build();
  std::vector<Error> broken;
  tolerant.broken = &broken;
  auto pre = createPreHooks(tolerant);
  ASSERT_TRUE(pre);
  EXPECT_TRUE(pre->empty());
  auto auth = createAuthHook(tolerant);
  ASSERT_TRUE(auth);
  ASSERT_EQ(auth->size(), 1U) << "an API must not open because its check is switched off";
  test::TestExchange on;
  EXPECT_FALSE(auth->at(0)->onRequest(on.exchange));
}

TEST_F(HookStepTest, NamesTheDriversThatAreBuilt) {
  api_.hooks.pre = {ref("x.js", "f", "/custom_middleware/pre/0")};
  api_.hooks.pre[0].driver = "cobol";
  auto steps = createPreHooks(build());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().where(), "/custom_middleware/pre/0");
  EXPECT_CONTAINS(steps.error().message(), "cobol");
  EXPECT_CONTAINS(steps.error().message(), "is not built; built drivers: native, goplugin");
}

TEST_F(HookStepTest, PointsAtTheHookThatCannotBeLoaded) {
  api_.hooks.response = {ref("/nowhere/x.so", "f", "/custom_middleware/response/0")};
  auto steps = createResponseHooks(build());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().code(), Errc::kBadPlugin);
  EXPECT_EQ(steps.error().where(), "/custom_middleware/response/0");
}

TEST_F(HookStepTest, AnswersNothingForAnApiWithoutHooks) {
  EXPECT_TRUE(createPreHooks(build())->empty());
  EXPECT_TRUE(createAuthHook(build())->empty());
  EXPECT_TRUE(createPostAuthHooks(build())->empty());
  EXPECT_TRUE(createPostHooks(build())->empty());
  EXPECT_TRUE(createResponseHooks(build())->empty());
  EXPECT_EQ(*createAnalyticsHook(build()), nullptr);
}

TEST_F(HookStepTest, RefusesCustomAuthenticationWithoutAFunction) {
  api_.custom_auth = true;
  auto steps = createAuthHook(build());
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().code(), Errc::kBadDefinition);
}

TEST_F(HookStepTest, RunsNoAuthenticationOnKeylessApis) {
  api_.hooks.auth =
      ref(test::examplePlugin("api_keys"), "CheckKey", "/custom_middleware/auth_check");
  api_.hooks.post_auth = {ref(test::examplePlugin("who_is_it"), "TellUpstream", "/0")};
  api_.custom_auth = true;
  api_.use_keyless = true;
  EXPECT_TRUE(createAuthHook(build())->empty());
  EXPECT_TRUE(createPostAuthHooks(build())->empty());
  api_.use_keyless = false;
  EXPECT_EQ(createAuthHook(build())->size(), 1u);
  EXPECT_EQ(createPostAuthHooks(build())->size(), 1u);
}

TEST_F(HookStepTest, ResponseHookEditsAndReplaces) {
  api_.hooks.response = {ref(test::examplePlugin("stamp_response"), "StampResponse", "/0"),
                         ref(test::testPlugin("probe"), "ReplaceAnswer", "/1")};
  auto steps = createResponseHooks(build());
  ASSERT_TRUE(steps);
  test::TestExchange on;
  on.upstreamAnswered(404, "x");
  EXPECT_EQ(*(*steps)[0]->onResponse(on.exchange), chain::Verdict::kContinue);
  EXPECT_EQ(on.exchange.response().status, 410);
  EXPECT_EQ(*(*steps)[1]->onResponse(on.exchange), chain::Verdict::kRespond);
  EXPECT_EQ(on.exchange.response().status, 502);
}

TEST_F(HookStepTest, ResponseHookMayWait) {
  api_.hooks.response = {ref(test::testPlugin("probe"), "StampLater", "/0")};
  auto steps = createResponseHooks(build());
  ASSERT_TRUE(steps);
  EXPECT_EQ((*steps)[0]->responseBody(), http::BodyNeed::kBuffer);
  test::TestExchange on;
  on.upstreamAnswered(200, "x");
  ASSERT_EQ(*(*steps)[0]->onResponse(on.exchange), chain::Verdict::kSuspend);
  test::Running<Result<chain::Verdict>> running;
  running.start((*steps)[0]->finish(on.exchange), &running);
  if (!running.result) {
    ASSERT_TRUE(workers_.runOne());
  }
  ASSERT_TRUE(running.result);
  EXPECT_EQ(on.exchange.response().status, 203);
}

TEST_F(HookStepTest, AnalyticsHookDropsRecords) {
  api_.hooks.analytics = ref(test::examplePlugin("mask_record"), "MaskRecord", "/analytics_plugin");
  auto hook = createAnalyticsHook(build());
  ASSERT_TRUE(hook);
  test::TestExchange on;
  drivers::TrafficRecord record;
  record.path = "/x";
  EXPECT_EQ((*hook)->onRecord(on.exchange, record), drivers::HookVerdict::kContinue);
  record.path = "/health";
  EXPECT_EQ((*hook)->onRecord(on.exchange, record), drivers::HookVerdict::kDrop);
}

TEST_F(HookStepTest, RefusesARequestOfAWorkerThatDoesNotExist) {
  const HookStep& step = pre(test::examplePlugin("add_foo_bar"), "AddFooBar");
  BlockPool pool;
  Arena arena(pool);
  http::Exchange stranger(arena, 7, 1);
  auto verdict = step.onRequest(stranger);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), Errc::kInternal);
}

}  // namespace
}  // namespace tykpp::hooks
