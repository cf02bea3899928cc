#include <dlfcn.h>
#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "drivers/native/impl/pending_table.hpp"
#include "drivers/native/impl/shared_object.hpp"
#include "drivers/native/native_driver.hpp"

namespace tykpp::drivers::native {
namespace {

/// A task that can be destroyed while it waits, as a connection does when its client leaves.
class Abandonable {
 public:
  explicit Abandonable(net::Task<Result<HookVerdict>> task) : task_(std::move(task)) {
    task_.await_suspend(std::noop_coroutine()).resume();
  }

 private:
  net::Task<Result<HookVerdict>> task_;
};

class NativePendingTest : public testing::Test {
 protected:
  void bind(const char* name, NativeDriver& driver) {
    definition::PluginRef ref;
    ref.name = name;
    ref.path = test::testPlugin("misbehave");
    auto loaded = driver.load(ref, Hook::kPre, {});
    ASSERT_TRUE(loaded) << loaded.error().message();
    bound_ = std::move(*(*loaded)->bind(0));
  }
  Result<HookVerdict> call(test::TestExchange& on) {
    HookCall invocation{Hook::kPre, on.exchange, nullptr, deadline_};
    return bound_->call(invocation);
  }
  using Running = test::Running<Result<HookVerdict>>;
  void finish(HookCall& invocation, Running& running) {
    running.start(bound_->finish(invocation), &running);
  }
  /// A function that the plugin exports for tests: its code is in the one opened copy, beside the
  /// hook's.
  std::int32_t inPlugin(const char* symbol) {
    ObjectStore store("");
    auto object = store.open(test::testPlugin("misbehave"));
    Dl_info where{};
    if (::dladdr((*object)->info, &where) == 0) return 1;
    void* handle = ::dlopen(where.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    auto* function = reinterpret_cast<std::int32_t (*)()>(::dlsym(handle, symbol));
    return function != nullptr ? function() : 1;
  }

  test::TestWorkers workers_;
  NativeDriver driver_{{}, workers_};
  std::unique_ptr<BoundPlugin> bound_;
  Clock::time_point deadline_ = Clock::now() + std::chrono::seconds(2);
};

TEST_F(NativePendingTest, GivesUpAtTheDeadline) {
  bind("NeverCompletes", driver_);
  test::TestExchange on;
  ASSERT_EQ(*call(on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  Running running;
  finish(invocation, running);
  EXPECT_FALSE(running.result);
  ASSERT_EQ(workers_.timers().size(), 1u);
  EXPECT_EQ(workers_.timers()[0].first, deadline_);
  workers_.fireTimers();
  ASSERT_TRUE(running.result);
  ASSERT_FALSE(*running.result);
  EXPECT_EQ(running.result->error().code(), Errc::kPluginTimeout);
  EXPECT_EQ(running.result->error().status(), 500);
}

TEST_F(NativePendingTest, AnswersALateCompletionThatTheCallIsGone) {
  bind("CompletesLate", driver_);
  {
    test::TestExchange on;
    ASSERT_EQ(*call(on), HookVerdict::kPending);
    HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
    Running running;
    finish(invocation, running);
    EXPECT_EQ(inPlugin("testLateGet"), TYKPP_OK);
    workers_.fireTimers();
    ASSERT_TRUE(running.result);
  }
  bound_.reset();  // the exchange and the API are gone, the plugin's thread is not
  EXPECT_EQ(inPlugin("testLateGet"), TYKPP_ERR_GONE);
  EXPECT_EQ(inPlugin("testLateSet"), TYKPP_ERR_GONE);
  EXPECT_EQ(inPlugin("testLateComplete"), TYKPP_ERR_GONE);
  EXPECT_EQ(inPlugin("testLateComplete"), TYKPP_ERR_GONE);
}

TEST_F(NativePendingTest, EndsTheCallWhenTheClientLeaves) {
  bind("CompletesLate", driver_);
  test::TestExchange on;
  ASSERT_EQ(*call(on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  { Abandonable waiting(bound_->finish(invocation)); }
  EXPECT_EQ(inPlugin("testLateSet"), TYKPP_ERR_GONE);
  EXPECT_EQ(inPlugin("testLateComplete"), TYKPP_ERR_GONE);
  workers_.fireTimers();  // its timer finds nothing to wake
}

TEST_F(NativePendingTest, IgnoresACompletionThatIsPostedWhenTheClientLeaves) {
  bind("CompletesLate", driver_);
  test::TestExchange on;
  ASSERT_EQ(*call(on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  {
    Abandonable waiting(bound_->finish(invocation));
    EXPECT_EQ(inPlugin("testLateComplete"), TYKPP_OK);
  }
  EXPECT_TRUE(workers_.runOne());
}

TEST_F(NativePendingTest, CompletionBeatsADeadlineThatFiresBehindIt) {
  bind("CompletesLate", driver_);
  test::TestExchange on;
  ASSERT_EQ(*call(on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  Running running;
  finish(invocation, running);
  EXPECT_EQ(inPlugin("testLateSet"), TYKPP_OK);
  EXPECT_EQ(inPlugin("testLateComplete"), TYKPP_OK);
  workers_.fireTimers();
  EXPECT_FALSE(running.result);
  EXPECT_TRUE(workers_.runOne());
  ASSERT_TRUE(running.result);
  EXPECT_EQ(**running.result, HookVerdict::kContinue);
  EXPECT_EQ(on.header("X-Late"), "1");
}

TEST_F(NativePendingTest, IgnoresASecondCompletion) {
  bind("CompletesTwice", driver_);
  for (int i = 0; i < 50; ++i) {
    test::TestExchange on;
    ASSERT_EQ(*call(on), HookVerdict::kPending);
    HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
    Running running;
    finish(invocation, running);
    ASSERT_TRUE(workers_.runOne());
    ASSERT_TRUE(running.result);
    EXPECT_EQ(**running.result, HookVerdict::kContinue);
  }
}

TEST_F(NativePendingTest, DoesNotWaitForACallThatIsAlreadyComplete) {
  bind("CompletesInside", driver_);
  test::TestExchange on;
  ASSERT_EQ(*call(on), HookVerdict::kPending);
  HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
  Running running;
  finish(invocation, running);
  ASSERT_TRUE(running.result);
  EXPECT_EQ(**running.result, HookVerdict::kContinue);
  EXPECT_EQ(on.header("X-Inside"), "1");
  EXPECT_TRUE(workers_.runOne());  // the wake-up that nobody needs
}

TEST_F(NativePendingTest, LetsAHookChangeItsMindAboutWaiting) {
  bind("DefersThenContinues", driver_);
  const std::size_t before = pendingCalls();
  test::TestExchange on;
  EXPECT_EQ(*call(on), HookVerdict::kContinue);
  EXPECT_EQ(on.header("X-Changed-Mind"), "1");
  EXPECT_EQ(pendingCalls(), before);
}

TEST_F(NativePendingTest, DefersOnceACall) {
  bind("DefersTwice", driver_);
  test::TestExchange on;
  EXPECT_EQ(*call(on), HookVerdict::kPending);
}

TEST_F(NativePendingTest, LimitsHowManyCallsWait) {
  NativeOptions options;
  options.max_pending = pendingCalls() + 2;
  NativeDriver driver(options, workers_);
  bind("NeverCompletes", driver);
  test::TestExchange first, second, third;
  EXPECT_EQ(*call(first), HookVerdict::kPending);
  EXPECT_EQ(*call(second), HookVerdict::kPending);
  auto refused = call(third);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kPluginFailed);
}

TEST_F(NativePendingTest, KeepsManyWaitingRequestsApart) {
  bind("CompletesTwice", driver_);
  std::vector<std::unique_ptr<test::TestExchange>> exchanges;
  std::vector<std::unique_ptr<Running>> running;
  std::deque<HookCall> calls;
  for (int i = 0; i < 64; ++i) {
    exchanges.push_back(std::make_unique<test::TestExchange>());
    running.push_back(std::make_unique<Running>());
    ASSERT_EQ(*call(*exchanges.back()), HookVerdict::kPending);
    calls.push_back({Hook::kPre, exchanges.back()->exchange, nullptr, {}});
    finish(calls.back(), *running.back());
  }
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(workers_.runOne());
  for (const auto& one : running) {
    ASSERT_TRUE(one->result);
    EXPECT_TRUE(*one->result);
  }
}

TEST(NativePending, OutlivesItsDriver) {
  test::TestExchange on;
  std::unique_ptr<BoundPlugin> bound;
  {
    test::TestWorkers workers;
    NativeDriver driver({}, workers);
    definition::PluginRef ref;
    ref.name = "CompletesLate";
    ref.path = test::testPlugin("misbehave");
    bound = std::move(*(*driver.load(ref, Hook::kPre, {}))->bind(0));
    HookCall invocation{Hook::kPre, on.exchange, nullptr, {}};
    ASSERT_EQ(*bound->call(invocation), HookVerdict::kPending);
  }
  ObjectStore store("");
  auto object = store.open(test::testPlugin("misbehave"));
  ASSERT_TRUE(object);
  Dl_info where{};
  ASSERT_NE(::dladdr((*object)->info, &where), 0);
  // Its private copy's file is gone with the driver; the opened object is found by its name.
  void* handle = ::dlopen(where.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(handle, nullptr);
  auto* complete = reinterpret_cast<std::int32_t (*)()>(::dlsym(handle, "testLateComplete"));
  ASSERT_NE(complete, nullptr);
  EXPECT_EQ(complete(), TYKPP_OK);  // nobody is there to be told, and nothing is touched
}

}  // namespace
}  // namespace tykpp::drivers::native
