#pragma once
// Runs Lua functions as hooks, without sockets: HTTP calls and kept values are answered by the
// test.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http_server.hpp"
#include "common/plugin_fixture.hpp"
#include "drivers/lua/lua_driver.hpp"

namespace tykpp::test {

/// The test's own thread as a worker, and a world outside that the test plays.
class LuaWorld final : public drivers::WorkerServices {
 public:
  void post(std::uint32_t worker, std::function<void()> fn) override {
    workers.post(worker, std::move(fn));
  }
  void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) override {
    workers.callAt(worker, when, std::move(fn));
  }
  void fetch(std::uint32_t, drivers::FetchRequest request, Fetched done) override {
    fetches.emplace_back(std::move(request), std::move(done));
  }
  void storeData(std::string key, std::string value, std::chrono::seconds ttl,
                 Stored done) override {
    kept[key] = std::move(value);
    last_ttl = ttl;
    done(std::string{});
  }
  void loadData(std::string key, Stored done) override {
    const auto found = kept.find(key);
    if (found == kept.end()) {
      done(Error(Errc::kNotFound, "no such key"));
    } else {
      done(found->second);
    }
  }
  /// Answers the oldest HTTP call.
  void answer(int status, std::string body) {
    auto [request, done] = std::move(fetches.front());
    fetches.erase(fetches.begin());
    done(drivers::FetchResponse{status, {{"x-from", "test"}}, std::move(body)});
  }

  TestWorkers workers;
  std::vector<std::pair<drivers::FetchRequest, Fetched>> fetches;
  std::map<std::string, std::string> kept;
  std::chrono::seconds last_ttl{-1};
};

class LuaTest : public ::testing::Test {
 protected:
  using Hook = drivers::Hook;
  using HookVerdict = drivers::HookVerdict;

  void SetUp() override {
    options.working_directory = folder.path();
    api.api_id = "api";
    api.org_id = "org";
  }
  drivers::lua::LuaDriver& driver() {
    if (driver_ == nullptr) {
      driver_ = std::make_unique<drivers::lua::LuaDriver>(options, world);
    }
    return *driver_;
  }
  definition::PluginRef ref(std::string name, std::string path) const {
    definition::PluginRef entry;
    entry.name = std::move(name);
    entry.path = std::move(path);
    entry.driver = "lua";
    entry.raw_body_only = raw_body_only;
    return entry;
  }
  /// Loads `source` as the API's file and keeps the function `Hook` of it.
  Result<void> load(Hook place, std::string_view source, const std::string& name = "Hook") {
    hook = place;
    auto loaded = driver().load(ref(name, folder.write("plugin.lua", source)), place, api);
    if (!loaded) return loaded.error();
    plugin = std::move(*loaded);
    auto made = plugin->bind(0);
    if (!made) return made.error();
    bound = std::move(*made);
    return {};
  }
  Result<HookVerdict> call(TestExchange& fx) {
    drivers::HookCall one{hook, fx.exchange, nullptr, Clock::now() + budget};
    return bound->call(one);
  }
  /// Loads and calls once; the load must succeed.
  Result<HookVerdict> run(Hook place, std::string_view source, TestExchange& fx) {
    if (auto done = load(place, source); !done) return done.error();
    return call(fx);
  }
  /// A pre hook that works on `tykpp` and puts what the expression gives into a header.
  std::string eval(std::string_view expression) {
    TestExchange fx;
    const std::string source = "function Hook() local v = (function() return " +
                               std::string(expression) +
                               " end)() tykpp.req.set_header('X-Value', tostring(v)) end";
    const auto verdict = run(Hook::kPre, source, fx);
    if (!verdict) return "error: " + verdict.error().detail() + verdict.error().message();
    return std::string(fx.header("X-Value"));
  }
  static std::string why(const Result<HookVerdict>& verdict) {
    return verdict ? "no error" : verdict.error().detail();
  }

  ScratchFolder folder;
  LuaWorld world;
  drivers::lua::LuaOptions options;
  definition::ApiSpec api;
  bool raw_body_only = false;
  Hook hook = Hook::kPre;
  std::chrono::milliseconds budget{2000};
  std::unique_ptr<drivers::lua::LuaDriver> driver_;
  std::shared_ptr<const drivers::LoadedPlugin> plugin;
  std::unique_ptr<drivers::BoundPlugin> bound;
};

}  // namespace tykpp::test
