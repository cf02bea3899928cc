#include "admin/admin_api.hpp"

#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

using AdminApiTest = AdminTest;

const char* const kForbidden =
    "{\"status\":\"error\",\"message\":\"Attempted administrative access with invalid or missing "
    "key!\"}\n";
const char* const kOk = "{\"status\":\"ok\",\"message\":\"\"}\n";

TEST_F(AdminApiTest, TakesPathsBelowTykAndTheHealthEndpoints) {
  for (const char* path : {"/tyk/", "/tyk/apis", "/tyk/reload/group", "/hello", "/ready"}) {
    EXPECT_TRUE(api_->isControlPath(path)) << path;
  }
  for (const char* path : {"/tyk", "/tykx/apis", "/hello/", "/ready/x", "/health", "/", ""}) {
    EXPECT_FALSE(api_->isControlPath(path)) << path;
  }
}

TEST_F(AdminApiTest, FollowsTheConfiguredNamesOfTheHealthEndpoints) {
  control_.settings.health_check_endpoint_name = "/live";
  control_.settings.readiness_check_endpoint_name = "up/now";
  const AdminApi api(control_, health_);
  EXPECT_TRUE(api.isControlPath("/live"));
  EXPECT_TRUE(api.isControlPath("/up/now"));
  EXPECT_FALSE(api.isControlPath("/hello"));
}

TEST_F(AdminApiTest, AsksForTheSecret) {
  for (const char* given : {"", "wrong", "s3cre", "s3cretx"}) {
    for (const char* path : {"/tyk/apis", "/tyk/", "/tyk/nothing", "/tyk/keys"}) {
      AdminRequest request{"GET", path, "", "", given, ""};
      const AdminReply reply = send(std::move(request));
      EXPECT_EQ(reply.status, 403);
      EXPECT_EQ(reply.body, kForbidden);
      EXPECT_EQ(reply.content_type, "application/json");
    }
  }
  EXPECT_EQ(call("GET", "/tyk/apis").status, 200);
}

TEST_F(AdminApiTest, LetsNobodyInWhenNoSecretIsConfigured) {
  control_.settings.secret.clear();
  EXPECT_EQ(send({"GET", "/tyk/apis", "", "", "", ""}).status, 403);
}

TEST_F(AdminApiTest, TellsUnknownPathsMethodsAndWhatIsNotBuiltApart) {
  const AdminReply unknown = call("GET", "/tyk/nothing");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, "404 page not found\n");
  EXPECT_EQ(unknown.content_type, "text/plain; charset=utf-8");
  ASSERT_EQ(unknown.headers.size(), 1U);
  EXPECT_EQ(unknown.headers[0].second, "nosniff");
  EXPECT_EQ(call("GET", "/tyk/").status, 404);

  for (const auto& [method, path] : {std::pair{"DELETE", "/tyk/apis"},
                                     {"POST", "/tyk/reload"},
                                     {"PUT", "/tyk/apis"},
                                     {"POST", "/tyk/reload/group"},
                                     {"OPTIONS", "/tyk/keys"}}) {
    const AdminReply reply = call(method, path);
    EXPECT_EQ(reply.status, 405) << method << " " << path;
    EXPECT_EQ(reply.body, error("Method not supported"));
  }

  for (const auto& [method, path] :
       {std::pair{"PATCH", "/tyk/apis/oas/x"}, {"GET", "/tyk/health"}}) {
    const AdminReply reply = call(method, path);
    EXPECT_EQ(reply.status, 501) << method << " " << path;
    EXPECT_NE(reply.body.find(" is not built yet\"}\n"), std::string::npos) << reply.body;
  }
}

TEST_F(AdminApiTest, ForgetsKeySets) {
  EXPECT_EQ(call("DELETE", "/tyk/cache/jwks").body,
            "{\"status\":\"ok\",\"message\":\"cache invalidated\"}\n");
  EXPECT_EQ(call("DELETE", "/tyk/cache/jwks/one").status, 200);
  EXPECT_EQ(control_.told, (std::vector<std::string>{"", "one"}));
}

TEST_F(AdminApiTest, RemovesCachedAnswers) {
  EXPECT_EQ(call("DELETE", "/tyk/cache/one").body,
            "{\"status\":\"ok\",\"message\":\"cache invalidated\"}\n");
  const AdminReply failed = call("DELETE", "/tyk/cache/unlucky");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, "{\"status\":\"error\",\"message\":\"Cache invalidation failed\"}\n");
  EXPECT_EQ(call("GET", "/tyk/cache/one").status, 405);
  EXPECT_EQ(control_.told,
            (std::vector<std::string>{"answers of one", "answers of unlucky"}));
}

TEST_F(AdminApiTest, IgnoresTrailingSlashes) {
  EXPECT_EQ(call("GET", "/tyk/apis/").status, 200);
  EXPECT_EQ(call("GET", "/tyk/apis//").status, 200);
}

TEST_F(AdminApiTest, RefusesAnImmenseBody) {
  const AdminReply reply = call("POST", "/tyk/apis", std::string(AdminApi::kMaxBodyBytes + 1, ' '));
  EXPECT_EQ(reply.status, 413);
}

TEST_F(AdminApiTest, AnswersAReloadAtOnce) {
  EXPECT_EQ(call("GET", "/tyk/reload").body, kOk);
  EXPECT_EQ(control_.reloads, 1);
  EXPECT_EQ(call("GET", "/tyk/reload/").body, kOk);
  EXPECT_EQ(control_.reloads, 2);
}

TEST_F(AdminApiTest, AnswersABlockingReloadWhenItIsDone) {
  std::vector<AdminReply> replies;
  api_->handle({"GET", "/tyk/reload", "block=true", "", "s3cret", ""},
               [&](AdminReply reply) { replies.push_back(std::move(reply)); });
  EXPECT_TRUE(replies.empty());
  control_.finishReload();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 200);
  EXPECT_EQ(replies[0].body, kOk);
}

TEST_F(AdminApiTest, ReportsTheProblemsOfABlockingReload) {
  control_.problems.push_back(
      {definition::Severity::kError, "apps/a.json", "/proxy", "says \"<no>\""});
  control_.problems.push_back({definition::Severity::kWarning, "apps/b.json", "", "odd"});
  AdminReply reply;
  api_->handle({"GET", "/tyk/reload", "block=true", "", "s3cret", ""},
               [&](AdminReply given) { reply = std::move(given); });
  control_.finishReload();
  EXPECT_EQ(
      reply.body,
      R"({"status":"ok","message":"","problems":[)"
      R"({"file":"apps/a.json","pointer":"/proxy","reason":"says \"\u003cno\u003e\"","severity":"error"},)"
      R"({"file":"apps/b.json","pointer":"","reason":"odd","severity":"warning"}]})"
      "\n");
}

TEST_F(AdminApiTest, PublishesAGroupReload) {
  control_.settings.storage.type = "redis";
  EXPECT_EQ(call("GET", "/tyk/reload/group?block=true").body, kOk);
  EXPECT_EQ(control_.group_reloads, 1);
}

TEST_F(AdminApiTest, AnswersHealthWithoutASecret) {
  const AdminReply hello = send({"GET", "/hello", "", "", "", ""});
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.content_type, "application/json");
  EXPECT_TRUE(hello.body.starts_with("{\"status\":\"pass\",\"version\":\"v"));
  EXPECT_TRUE(hello.body.ends_with("\",\"description\":\"Tyk GW\"}\n")) << hello.body;
  const AdminReply ready = send({"GET", "/ready", "", "", "", ""});
  EXPECT_EQ(ready.status, 200);
  EXPECT_TRUE(ready.body.ends_with("\",\"description\":\"Tyk GW Ready\"}\n")) << ready.body;
}

TEST_F(AdminApiTest, AllowsOnlyGetForHealth) {
  for (const char* method : {"POST", "HEAD", "OPTIONS"}) {
    const AdminReply reply = send({method, "/hello", "", "", "", ""});
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.body, error("Method Not Allowed"));
  }
}

TEST_F(AdminApiTest, ShowsServersOfPluginsAndWarnsOfThoseThatFail) {
  control_.servers = {{"grpc", "tcp://a:1", "ready", ""}, {"grpc", "tcp://b:2", "idle", ""}};
  auto hello = nlohmann::json::parse(call("GET", "/hello").body, nullptr, false);
  EXPECT_EQ(hello["status"], "pass");
  EXPECT_EQ(hello["details"]["grpc:tcp://a:1"]["status"], "pass");
  EXPECT_EQ(hello["details"]["grpc:tcp://b:2"]["output"], "idle");
  control_.servers[1] = {"grpc", "tcp://b:2", "failing", "refused"};
  hello = nlohmann::json::parse(call("GET", "/hello").body, nullptr, false);
  EXPECT_EQ(hello["status"], "warn");
  EXPECT_EQ(hello["details"]["grpc:tcp://b:2"]["status"], "fail");
  EXPECT_EQ(hello["details"]["grpc:tcp://b:2"]["output"], "failing: refused");
}

TEST_F(AdminApiTest, ShowsRedisOnceItWasProbed) {
  health_.setRedis("");
  auto hello = nlohmann::json::parse(call("GET", "/hello").body, nullptr, false);
  EXPECT_EQ(hello["status"], "pass");
  EXPECT_EQ(hello["details"]["redis"]["status"], "pass");
  EXPECT_EQ(hello["details"]["redis"]["componentType"], "datastore");
  EXPECT_FALSE(hello["details"]["redis"].contains("output"));
  EXPECT_FALSE(hello["details"]["redis"]["time"].get<std::string>().empty());

  health_.setRedis("Connection refused");
  hello = nlohmann::json::parse(call("GET", "/hello").body, nullptr, false);
  EXPECT_EQ(hello["status"], "fail");
  EXPECT_EQ(hello["details"]["redis"]["output"], "Connection refused");
  const AdminReply ready = call("GET", "/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, error("Redis connection not available"));
}

TEST_F(AdminApiTest, WarnsOfDefinitionsThatDidNotLoad) {
  for (int i = 0; i < 7; ++i) {
    control_.problems.push_back(
        {definition::Severity::kError, "f" + std::to_string(i), "", "broken"});
  }
  control_.problems.push_back({definition::Severity::kWarning, "w", "", "odd"});
  const auto hello = nlohmann::json::parse(call("GET", "/hello").body, nullptr, false);
  EXPECT_EQ(hello["status"], "warn");
  EXPECT_EQ(hello["details"]["apis"]["status"], "warn");
  EXPECT_EQ(hello["details"]["apis"]["output"],
            "f0: broken; f1: broken; f2: broken; f3: broken; f4: broken; and 2 more");
  EXPECT_EQ(call("GET", "/ready").status, 200);
}

TEST_F(AdminApiTest, IsNotReadyBeforeTheFirstLoadAndWhileItStops) {
  control_.loaded = false;
  EXPECT_EQ(call("GET", "/ready").body, error("A successful API reload did not happen"));
  health_.setRedisConnected(false);
  EXPECT_EQ(call("GET", "/ready").body, error("Redis connection not available"));
  EXPECT_EQ(call("GET", "/hello").status, 200);
  control_.stopping = true;
  const AdminReply reply = call("GET", "/ready");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, error("Gateway is shutting down"));
}

TEST_F(AdminApiTest, RollsPluginsBack) {
  const AdminReply good = call("POST", "/tyk/plugins/b/rollback");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(nlohmann::json::parse(good.body)["action"], "rolled back");
  const AdminReply none = call("POST", "/tyk/plugins/x/rollback");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.body, error("API x has no bundle"));
  EXPECT_EQ(call("GET", "/tyk/plugins/b/rollback").status, 405);
}

TEST_F(AdminApiTest, ListsPluginsOfAllApisAndOfOne) {
  PluginStatus good;
  good.api_id = "a";
  good.hook = "pre";
  good.name = "Add<Header>";
  good.driver = "lua";
  good.on_error = "fail";
  good.calls = 7;
  good.errors = 2;
  good.p99 = std::chrono::microseconds(96);
  PluginStatus broken = good;
  broken.api_id = "b";
  broken.broken = "no such file";
  control_.hooks = {good, broken};
  const AdminReply all = call("GET", "/tyk/plugins");
  EXPECT_EQ(all.status, 200);
  const auto list = nlohmann::json::parse(all.body, nullptr, false);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["name"], "Add<Header>");
  EXPECT_EQ(list[0]["status"], "loaded");
  EXPECT_EQ(list[0]["calls"], 7);
  EXPECT_EQ(list[0]["errors"], 2);
  EXPECT_EQ(list[0]["latency_p99_us"], 96);
  EXPECT_FALSE(list[0].contains("error"));
  EXPECT_EQ(list[1]["status"], "refuses");
  EXPECT_EQ(list[1]["error"], "no such file");
  const auto one = nlohmann::json::parse(call("GET", "/tyk/plugins/b").body);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0]["api_id"], "b");
}

}  // namespace
}  // namespace tykpp::admin
