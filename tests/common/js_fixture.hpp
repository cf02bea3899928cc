#pragma once
// JavaScript plugins without a gateway: sources from texts, one worker, HTTP calls that the test
// answers.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/plugin_fixture.hpp"
#include "drivers/js/js_driver.hpp"

namespace tykpp::test {

/// A worker whose HTTP calls wait for the test.
class FetchWorkers final : public drivers::WorkerServices {
 public:
  void post(std::uint32_t, std::function<void()> fn) override { posted.push_back(std::move(fn)); }
  void callAt(std::uint32_t, Clock::time_point, std::function<void()> fn) override {
    timers.push_back(std::move(fn));
  }
  void fetch(std::uint32_t, drivers::FetchRequest request, Fetched done) override {
    requests.push_back(std::move(request));
    waiting.push_back(std::move(done));
  }
  /// Answers a call; what waits for it goes on inside.
  void answer(std::size_t call, int status, std::string body) {
    drivers::FetchResponse response;
    response.status = status;
    response.headers = {{"content-type", "text/plain"}, {"X-Many", "1"}, {"x-many", "2"}};
    response.body = std::move(body);
    waiting.at(call)(std::move(response));
  }
  std::vector<std::function<void()>> posted, timers;
  std::vector<drivers::FetchRequest> requests;
  std::vector<Fetched> waiting;
};

/// A folder for sources and a driver.
class JsFixture {
 public:
  explicit JsFixture(drivers::js::JsOptions wanted = {}) : options(std::move(wanted)) {
    char name[] = "/tmp/tykpp-js-XXXXXX";
    folder_ = ::mkdtemp(name);
    options.enabled = true;
    driver = std::make_unique<drivers::js::JsDriver>(options, workers);
    api.api_id = "api-1";
    api.org_id = "org-1";
  }
  ~JsFixture() {
    bound.clear();
    driver.reset();
    std::filesystem::remove_all(folder_);
  }
  JsFixture(const JsFixture&) = delete;
  JsFixture& operator=(const JsFixture&) = delete;

  std::string file(const std::string& name, std::string_view source) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << source;
    return path;
  }
  definition::PluginRef ref(const std::string& name, const std::string& path) const {
    definition::PluginRef made;
    made.name = name;
    made.path = path;
    made.driver = "otto";
    made.timeout = std::chrono::milliseconds(2000);
    return made;
  }
  /// The API's only hook: this source with an object `plugin`.
  drivers::BoundPlugin& load(std::string_view source, drivers::Hook hook = drivers::Hook::kPre,
                             bool require_session = false) {
    definition::PluginRef made = ref("plugin", file("plugin.js", source));
    made.require_session = require_session;
    made.timeout = timeout;
    api.hooks = {};
    auto& hooks = api.hooks;
    if (hook == drivers::Hook::kPre) hooks.pre = {made};
    if (hook == drivers::Hook::kAuth) hooks.auth = made;
    if (hook == drivers::Hook::kPostAuth) hooks.post_auth = {made};
    if (hook == drivers::Hook::kPost) hooks.post = {made};
    if (hook == drivers::Hook::kResponse) hooks.response = {made};
    return bind(driver->load(made, hook, api).value());
  }
  /// As load(), of a function body with `request`, `session`, `config`.
  drivers::BoundPlugin& loadBody(std::string_view body, drivers::Hook hook = drivers::Hook::kPre,
                                 bool require_session = false) {
    return load(
        "var plugin = new TykJS.TykMiddleware.NewMiddleware({});\n"
        "plugin.NewProcessRequest(function (request, session, config) {\n" +
            std::string(body) + "\nreturn plugin.ReturnData(request, {}); });",
        hook, require_session);
  }
  drivers::BoundPlugin& bind(std::shared_ptr<const drivers::LoadedPlugin> plugin) {
    loaded.push_back(plugin);
    bound.push_back(plugin->bind(0).value());
    return *bound.back();
  }
  drivers::HookCall callOf(TestExchange& x, drivers::Hook hook = drivers::Hook::kPre) const {
    return {hook, x.exchange, nullptr, Clock::now() + timeout};
  }
  Result<drivers::HookVerdict> call(drivers::BoundPlugin& plugin, TestExchange& x,
                                    drivers::Hook hook = drivers::Hook::kPre) const {
    drivers::HookCall made = callOf(x, hook);
    return plugin.call(made);
  }

  drivers::js::JsOptions options;
  FetchWorkers workers;
  definition::ApiSpec api;
  std::chrono::milliseconds timeout{2000};
  std::unique_ptr<drivers::js::JsDriver> driver;
  std::vector<std::shared_ptr<const drivers::LoadedPlugin>> loaded;
  std::vector<std::unique_ptr<drivers::BoundPlugin>> bound;

 private:
  std::string folder_;
};

}  // namespace tykpp::test
