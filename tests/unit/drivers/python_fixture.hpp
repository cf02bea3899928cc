#pragma once
// Python plugins written by the test, run without sockets.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/plugin_fixture.hpp"
#include "drivers/python/python_driver.hpp"

namespace tykpp::test {

/// The test's worker, which keeps values too.
class PythonWorkers : public TestWorkers {
 public:
  void storeData(std::string key, std::string value, std::chrono::seconds ttl,
                 Stored done) override {
    stored[key] = std::move(value);
    last_ttl = ttl;
    done(std::string());
    post(0, [] {});  // wakes a test that waits for a hook to have begun
  }
  void loadData(std::string key, Stored done) override {
    if (silent) return;
    const auto found = stored.find(key);
    if (found == stored.end()) {
      done(Error(Errc::kNotFound, "no such key"));
    } else {
      done(found->second);
    }
  }
  std::map<std::string, std::string> stored;
  std::chrono::seconds last_ttl{-1};
  bool silent = false;
};

class PythonTest : public ::testing::Test {
 protected:
  PythonTest() {
    folder_ = std::filesystem::temp_directory_path() /
              ("tykpp-python-" + std::to_string(::getpid()) + "-" + std::to_string(next_++));
    std::filesystem::create_directories(folder_);
    api_.api_id = folder_.filename().string();
    api_.org_id = "org";
  }
  ~PythonTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the interpreter is built without ThreadSanitizer and looks like one big race";
#endif
  }

  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  /// Writes `plugin.py` with the usual imports above `text`.
  void plugin(const std::string& text) {
    write("plugin.py",
          "from tyk.decorators import *\nfrom gateway import TykGateway as tyk\n" + text);
  }
  drivers::python::PythonDriver& driver() {
    if (!driver_) driver_ = std::make_unique<drivers::python::PythonDriver>(options_, workers_);
    return *driver_;
  }
  Result<std::shared_ptr<const drivers::LoadedPlugin>> load(const std::string& name,
                                                            drivers::Hook hook) {
    definition::PluginRef ref;
    ref.name = name;
    ref.driver = "python";
    ref.path = (folder_ / "plugin.py").string();
    ref.raw_body_only = raw_body_only_;
    return driver().load(ref, hook, api_);
  }
  std::unique_ptr<drivers::BoundPlugin> bind(const std::string& name,
                                             drivers::Hook hook = drivers::Hook::kPre) {
    auto loaded = load(name, hook);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message();
      return nullptr;
    }
    return std::move(*(*loaded)->bind(0));
  }

  /// Starts a call, as a hook's runner does.
  struct Running {
    drivers::HookCall call;
    std::optional<Result<drivers::HookVerdict>> verdict;
  };
  std::unique_ptr<Running> start(drivers::BoundPlugin& bound, TestExchange& exchange,
                                 drivers::Hook hook = drivers::Hook::kPre) {
    auto running = std::make_unique<Running>(
        Running{{hook, exchange.exchange, nullptr, Clock::now() + time_}, std::nullopt});
    Result<drivers::HookVerdict> first = bound.call(running->call);
    if (!first || *first != drivers::HookVerdict::kPending) {
      running->verdict = first;
    } else {
      await(bound, *running);
    }
    return running;
  }
  /// One whole call.
  Result<drivers::HookVerdict> run(drivers::BoundPlugin& bound, TestExchange& exchange,
                                   drivers::Hook hook = drivers::Hook::kPre) {
    const auto running = start(bound, exchange, hook);
    while (!running->verdict) {
      if (!workers_.runOne()) return Error(Errc::kInternal, "the call never came back");
    }
    return *running->verdict;
  }
  /// Runs the one handler `Check` of a plugin; its assertions are the test.
  void check(const std::string& text, drivers::Hook hook = drivers::Hook::kPre) {
    plugin(text);
    TestExchange exchange("GET", "/path?a=1&b=x%20y");
    exchange.exchange.request().headers.add("X-First", "one");
    const auto bound = bind("Check", hook);
    ASSERT_NE(bound, nullptr);
    const auto verdict = run(*bound, exchange, hook);
    EXPECT_TRUE(verdict) << verdict.error().detail();
  }

  std::filesystem::path folder_;
  PythonWorkers workers_;
  drivers::python::PythonOptions options_;
  definition::ApiSpec api_;
  std::chrono::milliseconds time_{10'000};
  bool raw_body_only_ = false;

 private:
  static net::Detached await(drivers::BoundPlugin& bound, Running& running) {
    Result<drivers::HookVerdict> verdict = co_await bound.finish(running.call);
    running.verdict = std::move(verdict);
  }
  static inline int next_ = 0;
  std::unique_ptr<drivers::python::PythonDriver> driver_;
};

}  // namespace tykpp::test
