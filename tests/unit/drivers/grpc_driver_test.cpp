// Calls and events of the driver, with a server in this process.

#include "drivers/grpc/grpc_driver.hpp"

#include <coprocess_object.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "common/grpc_peer.hpp"
#include "common/plugin_fixture.hpp"
#include "net/loop.hpp"

namespace tykpp::drivers {
namespace {

using test::framed;
using test::GrpcPeer;
using test::GrpcServer;

/// One worker, whose loop runs while the test waits.
class LoopWorkers : public WorkerServices {
 public:
  void post(std::uint32_t, std::function<void()> fn) override { loop_.post(std::move(fn)); }
  void callAt(std::uint32_t, Clock::time_point, std::function<void()>) override {}
  net::Loop* loop(std::uint32_t) override { return &loop_; }
  /// @return false when it is not so within ten seconds
  bool until(const std::function<bool()>& so) {
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (!so() && Clock::now() < end) loop_.io().run_one_for(std::chrono::milliseconds(50));
    return so();
  }

 private:
  net::Loop loop_;
};

/// Answers each call with what `answer` makes of its message.
GrpcServer::Handle answering(
    std::function<std::string(const std::string&, const std::string&)> answer) {
  return [answer = std::move(answer)](GrpcPeer& peer, std::int32_t stream,
                                      const GrpcPeer::Request& request) {
    peer.answer(stream, framed(answer(request.fields.at(":path"), request.body.substr(5))));
  };
}
const GrpcServer::Handle kEcho = answering([](const auto&, const auto& bytes) { return bytes; });

class GrpcDriver : public ::testing::Test {
 protected:
  GrpcDriver() { api_.api_id = "api"; }
  std::unique_ptr<BoundPlugin> bind(const std::string& server, Hook hook = Hook::kPre) {
    definition::PluginRef ref;
    ref.name = "Hook";
    ref.driver = "grpc";
    ref.grpc_server = server;
    auto loaded = driver_.load(ref, hook, api_);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message();
      return nullptr;
    }
    return std::move(*(*loaded)->bind(0));
  }
  Result<HookVerdict> run(BoundPlugin& bound, test::TestExchange& exchange,
                          std::chrono::milliseconds time = std::chrono::seconds(10)) {
    HookCall call{Hook::kPre, exchange.exchange, nullptr, Clock::now() + time};
    const Result<HookVerdict> first = bound.call(call);
    if (!first || *first != HookVerdict::kPending) return first;
    test::Running<Result<HookVerdict>> running;
    test::Running<Result<HookVerdict>>::start(bound.finish(call), &running);
    if (!workers_.until([&] { return running.result.has_value(); })) {
      return Error(Errc::kInternal, "the call never came back");
    }
    return *running.result;
  }

  LoopWorkers workers_;
  definition::ApiSpec api_;
  grpc::GrpcDriver driver_{{}, workers_};
};

TEST_F(GrpcDriver, AHookIsCalledAndItsAnswerApplied) {
  GrpcServer server(answering([](const std::string& method, const std::string& bytes) {
    EXPECT_EQ(method, "/coprocess.Dispatcher/Dispatch");
    ::coprocess::Object object;
    EXPECT_TRUE(object.ParseFromString(bytes));
    (*object.mutable_request()->mutable_set_headers())["X-From"] = object.hook_name();
    return object.SerializeAsString();
  }));
  const auto bound = bind(server.address());
  ASSERT_NE(bound, nullptr);
  for (int i = 0; i < 3; ++i) {
    test::TestExchange exchange("GET", "/a");
    const auto verdict = run(*bound, exchange);
    ASSERT_TRUE(verdict) << verdict.error().detail();
    EXPECT_EQ(exchange.header("X-From"), "Hook");
  }
  const auto servers = driver_.servers();
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_EQ(servers[0].state, "ready");
}

TEST_F(GrpcDriver, NobodyThereIsAFailureAtOnce) {
  const auto bound = bind("unix:///nowhere/at/all.sock");
  ASSERT_NE(bound, nullptr);
  test::TestExchange exchange;
  const auto verdict = run(*bound, exchange);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message(), "Middleware error");
  EXPECT_TRUE(verdict.error().detail().starts_with("Dispatch error: UNAVAILABLE"));
  EXPECT_EQ(driver_.servers().at(0).state, "failing");
  EXPECT_NE(driver_.servers().at(0).error, "");
}

TEST_F(GrpcDriver, ADeadlineIsATimeout) {
  std::mutex held;
  std::unique_lock hold(held);
  GrpcServer server(answering([&held](const std::string&, const std::string& bytes) {
    const std::lock_guard wait(held);
    return bytes;
  }));
  const auto bound = bind(server.address());
  test::TestExchange exchange;
  const auto verdict = run(*bound, exchange, std::chrono::milliseconds(50));
  hold.unlock();
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), Errc::kPluginTimeout);
}

TEST_F(GrpcDriver, AnEventIsSentToTheServer) {
  std::mutex mutex;
  std::string payload;
  GrpcServer server(answering([&](const std::string& method, const std::string& bytes) {
    ::coprocess::Event event;
    EXPECT_TRUE(event.ParseFromString(bytes));
    EXPECT_EQ(method, "/coprocess.Dispatcher/DispatchEvent");
    const std::lock_guard lock(mutex);
    payload = event.payload();
    return std::string();
  }));
  definition::ApiSpec api;
  EXPECT_FALSE(driver_.findEventFunction("handler", api));  // no server is named
  api.hooks.pre.emplace_back().grpc_server = server.address();
  auto function = driver_.findEventFunction("handler", api);
  ASSERT_TRUE(function) << function.error().message();
  (*function)->dispatch(R"({"handler_name":"handler"})", nullptr);
  const auto arrived = [&] {
    const std::lock_guard lock(mutex);
    return !payload.empty();
  };
  ASSERT_TRUE(workers_.until(arrived));
  EXPECT_EQ(payload, R"({"handler_name":"handler"})");
}

TEST_F(GrpcDriver, CallsBeyondTheServersLimitWaitForTheirTurn) {
  GrpcServer server(kEcho, {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1}});
  const auto bound = bind(server.address());
  std::vector<std::unique_ptr<test::TestExchange>> exchanges;
  std::vector<std::unique_ptr<HookCall>> calls;
  std::vector<test::Running<Result<HookVerdict>>> running(20);
  for (auto& one : running) {
    exchanges.push_back(std::make_unique<test::TestExchange>());
    calls.push_back(std::make_unique<HookCall>(HookCall{
        Hook::kPre, exchanges.back()->exchange, nullptr, Clock::now() + std::chrono::seconds(10)}));
    ASSERT_EQ(*bound->call(*calls.back()), HookVerdict::kPending);
    test::Running<Result<HookVerdict>>::start(bound->finish(*calls.back()), &one);
  }
  const auto all = [&] {
    return std::all_of(running.begin(), running.end(), [](auto& one) { return !!one.result; });
  };
  ASSERT_TRUE(workers_.until(all));
  for (auto& one : running) EXPECT_TRUE(*one.result);
}

TEST_F(GrpcDriver, ACallThatTheServerRefusedIsMadeOnceMore) {
  std::atomic<int> asked = 0;
  GrpcServer server([&](GrpcPeer& peer, std::int32_t stream, const GrpcPeer::Request& request) {
    if (++asked == 1) return peer.reset(stream, NGHTTP2_REFUSED_STREAM);
    if (asked == 2) return peer.goAway(stream - 2);
    if (asked >= 5) return peer.reset(stream, NGHTTP2_REFUSED_STREAM);
    peer.answer(stream, request.body);
  });
  const auto bound = bind(server.address());
  test::TestExchange exchange;
  // Refused, made again, and then the connection's end gives it back a second time.
  const auto twice = run(*bound, exchange);
  ASSERT_FALSE(twice);
  EXPECT_TRUE(twice.error().detail().starts_with("Dispatch error: UNAVAILABLE"));
  EXPECT_TRUE(run(*bound, exchange));
  EXPECT_TRUE(run(*bound, exchange));
  EXPECT_FALSE(run(*bound, exchange));
  EXPECT_EQ(asked, 6);
}

TEST_F(GrpcDriver, AServerThatEndsItsConnectionsIsConnectedToAnew) {
  std::atomic<int> asked = 0;
  GrpcServer server([&](GrpcPeer& peer, std::int32_t stream, const GrpcPeer::Request& request) {
    ++asked;
    peer.goAway(stream);
    peer.answer(stream, request.body);
  });
  const auto bound = bind(server.address());
  for (int i = 0; i < 3; ++i) {
    test::TestExchange exchange;
    const auto verdict = run(*bound, exchange);
    ASSERT_TRUE(verdict) << verdict.error().detail();
  }
  EXPECT_EQ(asked, 3);
}

TEST_F(GrpcDriver, WhatIsUnderWayEndsWithTheDriver) {
  GrpcServer server([](GrpcPeer&, std::int32_t, const GrpcPeer::Request&) {});
  auto driver = std::make_unique<grpc::GrpcDriver>(grpc::GrpcOptions{}, workers_);
  definition::PluginRef ref;
  ref.grpc_server = server.address();
  auto bound = std::move(*(*driver->load(ref, Hook::kPre, api_))->bind(0));
  test::TestExchange exchange;
  HookCall call{Hook::kPre, exchange.exchange, nullptr, Clock::now() + std::chrono::hours(1)};
  ASSERT_EQ(*bound->call(call), HookVerdict::kPending);
  ASSERT_TRUE(workers_.until([&] { return driver->servers().at(0).state == "ready"; }));
  driver.reset();
  ASSERT_FALSE(bound->call(call));
}

TEST_F(GrpcDriver, ServersThatNoPluginNamesAreForgotten) {
  auto bound = bind("tcp://127.0.0.1:1");
  EXPECT_EQ(driver_.servers().size(), 1U);
  bound.reset();
  EXPECT_TRUE(driver_.servers().empty());
}

TEST_F(GrpcDriver, ADriverThatIsOffOrHasNoServerLoadsNothing) {
  definition::PluginRef ref;
  EXPECT_FALSE(driver_.load(ref, Hook::kPre, api_));
  ref.grpc_server = "tcp://127.0.0.1:1";
  EXPECT_FALSE(driver_.load(ref, Hook::kAnalytics, api_));
  grpc::GrpcOptions off;
  off.enabled = false;
  grpc::GrpcDriver driver(off, workers_);
  EXPECT_FALSE(driver.load(ref, Hook::kPre, api_));
}

}  // namespace
}  // namespace tykpp::drivers
