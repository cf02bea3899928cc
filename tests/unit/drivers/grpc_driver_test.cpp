// Calls and events of the driver, with a server in this process.

#include "drivers/grpc/grpc_driver.hpp"

#include <coprocess_object.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "common/plugin_fixture.hpp"

namespace tykpp::drivers {
namespace {

/// Serves every unary method with `answer`.
class PluginServer final : public ::grpc::CallbackGenericService {
 public:
  using Answer = std::function<std::string(const std::string& method, const std::string& bytes)>;

  explicit PluginServer(Answer answer) : answer_(std::move(answer)) {
    static int next = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("tykpp-grpc-" + std::to_string(::getpid()) + "-" + std::to_string(next++)))
                .string();
    ::grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + path_, ::grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~PluginServer() override {
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
    std::filesystem::remove(path_);
  }
  std::string address() const { return "unix://" + path_; }

  ::grpc::ServerGenericBidiReactor* CreateReactor(
      ::grpc::GenericCallbackServerContext* context) override {
    class Reactor final : public ::grpc::ServerGenericBidiReactor {
     public:
      Reactor(const Answer& answer, std::string method)
          : answer_(answer), method_(std::move(method)) {
        StartRead(&request_);
      }
      void OnReadDone(bool ok) override {
        if (!ok) return Finish(::grpc::Status::OK);
        ::grpc::Slice slice;
        request_.DumpToSingleSlice(&slice);
        const std::string bytes = answer_(
            method_, std::string(reinterpret_cast<const char*>(slice.begin()), slice.size()));
        const ::grpc::Slice out(bytes);
        reply_ = ::grpc::ByteBuffer(&out, 1);
        StartWriteAndFinish(&reply_, {}, ::grpc::Status::OK);
      }
      void OnDone() override { delete this; }

     private:
      const Answer& answer_;
      std::string method_;
      ::grpc::ByteBuffer request_, reply_;
    };
    return new Reactor(answer_, context->method());
  }

 private:
  Answer answer_;
  std::string path_;
  std::unique_ptr<::grpc::Server> server_;
};

class GrpcDriver : public ::testing::Test {
 protected:
  GrpcDriver() { api_.api_id = "api"; }
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libgrpc is built without ThreadSanitizer: what it orders looks like races";
#endif
  }

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
    while (!running.result) {
      if (!workers_.runOne()) return Error(Errc::kInternal, "the call never came back");
    }
    return *running.result;
  }

  test::TestWorkers workers_;
  definition::ApiSpec api_;
  grpc::GrpcDriver driver_{{}, workers_};
};

TEST_F(GrpcDriver, AHookIsCalledAndItsAnswerApplied) {
  PluginServer server([](const std::string& method, const std::string& bytes) {
    EXPECT_EQ(method, "/coprocess.Dispatcher/Dispatch");
    ::coprocess::Object object;
    EXPECT_TRUE(object.ParseFromString(bytes));
    (*object.mutable_request()->mutable_set_headers())["X-From"] = object.hook_name();
    return object.SerializeAsString();
  });
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
  PluginServer server([&held](const std::string&, const std::string& bytes) {
    const std::lock_guard wait(held);
    return bytes;
  });
  const auto bound = bind(server.address());
  test::TestExchange exchange;
  const auto verdict = run(*bound, exchange, std::chrono::milliseconds(50));
  hold.unlock();
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code(), Errc::kPluginTimeout);
}

TEST_F(GrpcDriver, AnEventIsSentToTheServer) {
  std::mutex mutex;
  std::condition_variable came;
  std::string payload;
  PluginServer server([&](const std::string& method, const std::string& bytes) {
    ::coprocess::Event event;
    EXPECT_TRUE(event.ParseFromString(bytes));
    EXPECT_EQ(method, "/coprocess.Dispatcher/DispatchEvent");
    const std::lock_guard lock(mutex);
    payload = event.payload();
    came.notify_one();
    return std::string();
  });
  definition::ApiSpec api;
  EXPECT_FALSE(driver_.findEventFunction("handler", api));  // no server is named
  api.hooks.pre.emplace_back().grpc_server = server.address();
  auto function = driver_.findEventFunction("handler", api);
  ASSERT_TRUE(function) << function.error().message();
  (*function)->dispatch(R"({"handler_name":"handler"})", nullptr);
  std::unique_lock lock(mutex);
  ASSERT_TRUE(came.wait_for(lock, std::chrono::seconds(10), [&] { return !payload.empty(); }));
  EXPECT_EQ(payload, R"({"handler_name":"handler"})");
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
