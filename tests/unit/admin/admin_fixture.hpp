#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin_api.hpp"
#include "oauth/site.hpp"

namespace tykpp::admin {

/// A gateway that serves what a test puts into it and finishes reloads when told.
class FakeControl final : public Control {
 public:
  void requestReload(std::function<void()> done) override {
    ++reloads;
    waiting.push_back(std::move(done));
  }
  bool publishGroupReload() override {
    ++group_reloads;
    return false;
  }
  std::vector<std::shared_ptr<const definition::ApiSpec>> apis() const override { return served; }
  definition::Problems loadProblems() const override { return problems; }
  std::vector<PluginStatus> plugins() const override { return hooks; }
  std::vector<PluginServer> pluginServers() const override { return servers; }
  void rollbackPlugins(const std::string& api_id, std::function<void(Result<void>)> done) override {
    if (api_id == "b") {
      done({});
    } else {
      done(Error(Errc::kNotFound, "API " + api_id + " has no bundle"));
    }
  }
  const definition::GatewayConfig& config() const override { return settings; }
  void debugRequest(DebugCall call, std::function<void(DebugOutcome)> done) override {
    debugged.push_back(std::move(call));
    done(debug_outcome);
  }
  bool reloadedOnce() const override { return loaded; }
  bool shuttingDown() const override { return stopping; }
  // What calls on keys need is there in tests that set it.
  net::Loop& loop() override { return main_site->loop; }
  session::SessionStore& sessions() override { return main_site->sessions; }
  std::shared_ptr<const session::PolicySet> policies() const override { return policy_set; }
  session::PasswordPool& passwords() override { return main_site->passwords; }
  const oauth::Site& site() override { return *main_site; }
  void forgetKeySets(std::string_view api_id) override { told.emplace_back(api_id); }
  net::Task<Result<void>> forgetAnswers(std::string api_id) override {
    told.push_back("answers of " + api_id);
    if (api_id == "unlucky") co_return Error(Errc::kIo, "the store is down");
    co_return Result<void>{};
  }
  void tokenChanged(TokenChange change, std::string message, std::string org_id,
                    std::string key) override {
    static constexpr const char* kNames[] = {"created", "updated", "deleted"};
    told.push_back(std::string(kNames[static_cast<int>(change)]) + " " + message + " " + org_id +
                   " " + key);
  }

  void finishReload() {
    for (auto& done : waiting) {
      if (done) done();
    }
    waiting.clear();
  }

  int reloads = 0;
  int group_reloads = 0;
  bool loaded = true;
  bool stopping = false;
  std::vector<std::function<void()>> waiting;
  std::vector<std::shared_ptr<const definition::ApiSpec>> served;
  definition::Problems problems;
  std::vector<PluginStatus> hooks;
  std::vector<PluginServer> servers;
  definition::GatewayConfig settings;
  std::shared_ptr<const session::PolicySet> policy_set = std::make_shared<session::PolicySet>();
  const oauth::Site* main_site = nullptr;
  std::vector<DebugCall> debugged;
  DebugOutcome debug_outcome;
  std::vector<std::string> told;  ///< events of keys
};

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    std::string name = (std::filesystem::temp_directory_path() / "tykpp_admin_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    control_.settings.app_path = directory_.string();
    control_.settings.secret = "s3cret";
    api_.emplace(control_, health_);
  }
  ~AdminTest() override { std::filesystem::remove_all(directory_); }

  AdminReply send(AdminRequest request) {
    AdminReply out;
    int replies = 0;
    api_->handle(std::move(request), [&](AdminReply reply) {
      out = std::move(reply);
      ++replies;
    });
    EXPECT_EQ(replies, 1);
    return out;
  }
  /// A call with the right secret; `target` may have a query.
  AdminReply call(const std::string& method, const std::string& target,
                  const std::string& body = "") {
    const std::size_t mark = target.find('?');
    AdminRequest request;
    request.method = method;
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.body = body;
    request.authorization = "s3cret";
    request.host = "127.0.0.1:9000";
    return send(std::move(request));
  }
  std::shared_ptr<definition::ApiSpec> serve(const std::string& id) {
    auto api = std::make_shared<definition::ApiSpec>();
    api->api_id = id;
    api->file = (directory_ / (id + ".json")).string();
    api->listen_path = "/" + id + "/";
    api->classic_text = R"({"api_id":")" + id + R"("})";
    control_.served.push_back(api);
    return api;
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream stream(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  nlohmann::json readJson(const std::string& name) {
    return nlohmann::json::parse(read(name), nullptr, false);
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::string error(const std::string& message) {
    return R"({"status":"error","message":")" + message + "\"}\n";
  }
  static std::string done(const std::string& key, const std::string& action) {
    return R"({"key":")" + key + R"(","status":"ok","action":")" + action + "\"}\n";
  }

  std::filesystem::path directory_;
  FakeControl control_;
  HealthState health_;
  std::optional<AdminApi> api_;
};

}  // namespace tykpp::admin
