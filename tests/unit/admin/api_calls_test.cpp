#include <sys/stat.h>

#include "definition/version_rules.hpp"
#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

using ApiCallsTest = AdminTest;

TEST_F(ApiCallsTest, ListsClassicFormsByIdWithEscapes) {
  serve("b")->classic_text = R"({"api_id":"b","name":"<&>"})";
  serve("a");
  EXPECT_EQ(call("GET", "/tyk/apis").body,
            "[{\"api_id\":\"a\"},{\"api_id\":\"b\",\"name\":\"\\u003c\\u0026\\u003e\"}]\n");
  control_.served.clear();
  EXPECT_EQ(call("GET", "/tyk/apis").body, "[]\n");
}

TEST_F(ApiCallsTest, GetsOneApiAndNamesTheBaseOfAVersion) {
  serve("a");
  auto rules = std::make_shared<definition::VersionRules>();
  rules->apart = true;
  rules->children = {{"v2", "a"}};
  serve("base")->versioning = rules;
  for (const char* id : {"a", "base"}) {
    const AdminReply reply = call("GET", std::string("/tyk/apis/") + id);
    EXPECT_EQ(reply.body, std::string("{\"api_id\":\"") + id + "\"}\n");
    ASSERT_EQ(reply.headers.size(), 1U);
    EXPECT_EQ(reply.headers[0].first, "x-tyk-base-api-id");
    EXPECT_EQ(reply.headers[0].second, "base");
  }
  EXPECT_EQ(call("GET", "/tyk/apis/none").status, 404);
  EXPECT_EQ(call("GET", "/tyk/apis/none").body, error("API not found"));
}

TEST_F(ApiCallsTest, StoresANewDefinition) {
  const AdminReply reply = call(
      "POST", "/tyk/apis", R"({"name":"second","api_id":"second","is_oas":true,"active":true})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, done("second", "added"));
  EXPECT_EQ(read("second.json"),
            "{\n  \"name\": \"second\",\n  \"api_id\": \"second\",\n  \"is_oas\": false,\n"
            "  \"active\": true\n}");
  struct stat info {};
  ASSERT_EQ(::stat((directory_ / "second.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644U);
  EXPECT_EQ(files(), std::vector<std::string>{"second.json"}) << "no temporary file stays";
  EXPECT_EQ(call("POST", "/tyk/apis", R"({"api_id":"second","name":"again"})").body,
            done("second", "added"));
  EXPECT_EQ(readJson("second.json")["name"], "again");
}

TEST_F(ApiCallsTest, MakesAnIdWhenThereIsNone) {
  const auto first = nlohmann::json::parse(call("POST", "/tyk/apis", "{}").body, nullptr, false);
  const auto second = nlohmann::json::parse(call("POST", "/tyk/apis/x", "{}").body, nullptr, false);
  const std::string id = first["key"];
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(first["key"], second["key"]);
  EXPECT_EQ(readJson(id + ".json")["api_id"], id);
}

TEST_F(ApiCallsTest, RefusesBodiesThatAreNoDefinition) {
  const std::string deep(100000, '[');
  for (const std::string& body :
       {std::string("{"), std::string(), std::string("[]"), std::string("null"), std::string("5"),
        std::string(R"({"name":5})"), std::string(R"({"proxy":[]})"),
        std::string(R"({"proxy":{"listen_path":true}})"), std::string(R"({"api_id":7})"),
        std::string("{\"name\":\"\xff\"}"), R"({"a":)" + deep}) {
    const AdminReply reply = call("POST", "/tyk/apis", body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 60);
    EXPECT_EQ(reply.body, error("Request malformed"));
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(ApiCallsTest, WritesNothingOutsideItsDirectory) {
  write("x.json", "{}");
  const std::string long_id(250, 'a');
  for (const std::string id :
       {"../evil", "a/b", "..", ".", "a\\\\b", "a\\u0000b", "a\\nb", "x-oas", long_id.c_str()}) {
    const AdminReply reply = call("POST", "/tyk/apis", R"({"api_id":")" + id + "\"}");
    EXPECT_EQ(reply.status, 400) << id;
    EXPECT_EQ(reply.body, error("Invalid API ID"));
  }
  EXPECT_EQ(files(), std::vector<std::string>{"x.json"});
  EXPECT_FALSE(std::filesystem::exists(directory_.parent_path() / "evil.json"));
  EXPECT_EQ(call("PUT", "/tyk/apis/..", "{}").body, error("Invalid API ID"));
  EXPECT_EQ(call("DELETE", "/tyk/apis/..").body, error("Invalid API ID"));
}

TEST_F(ApiCallsTest, ChecksTheRulesOfADefinition) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"graphql":{"engine":{"data_sources":[{"name":"A "},{"name":"a"}]}}})",
       "duplicate data source names are not allowed"},
      {R"({"enable_jwt":true,"auth_configs":{"jwt":{"disable_header":true}}})",
       "all auth sources are disabled for jwt, at least one of header/cookie/query must be "
       "enabled"},
      {R"({"enable_ip_whitelisting":true,"allowed_ips":["10.0.0.0/8","::1","nonsense"]})",
       "invalid IP/CIDR \\\"nonsense\\\""},
      {R"({"enable_ip_blacklisting":true,"blacklisted_ips":["1.2.3.4/33"]})",
       "invalid IP/CIDR \\\"1.2.3.4/33\\\""},
      {R"({"version_data":{"versions":{"d":{"global_enforce_timeout":"-1s"}}}})",
       "invalid global timeout value"},
      {R"({"version_data":{"versions":{"d":{"extended_paths":{"hard_timeouts":[{"timeout":-1}]}}}}})",
       "invalid timeout value"},
      {R"({"upstream_auth":{"enabled":true,"basic_auth":{"enabled":true},"oauth":{"enabled":true}}})",
       "multiple upstream authentication modes not allowed"},
      {R"({"upstream_auth":{"enabled":true,"oauth":{"enabled":true}}})",
       "upstream OAuth authorization type is required"},
  };
  for (const auto& [body, reason] : cases) {
    const AdminReply reply = call("POST", "/tyk/apis", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.body,
              error(std::string("Validation of API Definition failed. Reason: ") + reason + "."));
  }
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(call("POST", "/tyk/apis", R"({"allowed_ips":["nonsense"]})").status, 200)
      << "the list counts only when it is switched on";
}

TEST_F(ApiCallsTest, ChangesAnApiThatIsServed) {
  serve("first");
  EXPECT_EQ(call("PUT", "/tyk/apis/first", R"({"api_id":"first","name":"n"})").body,
            done("first", "modified"));
  EXPECT_EQ(readJson("first.json")["name"], "n");
  EXPECT_EQ(call("PUT", "/tyk/apis/none", R"({"api_id":"none"})").body, error("API not found"));
  EXPECT_EQ(call("PUT", "/tyk/apis/first", R"({"api_id":"other"})").body,
            error("Request APIID does not match that in Definition! For Update operations these "
                  "must match."));
  EXPECT_EQ(call("PUT", "/tyk/apis/first", "{").body, error("Request malformed"));
}

TEST_F(ApiCallsTest, WritesToTheFileThatAnApiCameFrom) {
  write("api0.json", "{}");
  auto api = serve("first");
  api->file = (directory_ / "api0.json").string();
  EXPECT_EQ(call("PUT", "/tyk/apis/first", R"({"api_id":"first"})").status, 200);
  EXPECT_EQ(files(), std::vector<std::string>{"api0.json"});
  EXPECT_EQ(readJson("api0.json")["api_id"], "first");
  EXPECT_EQ(call("DELETE", "/tyk/apis/first").body, done("first", "deleted"));
  EXPECT_TRUE(files().empty());
}

TEST_F(ApiCallsTest, RemovesAnApiAndSaysWhenItCannot) {
  serve("first");
  const AdminReply missing = call("DELETE", "/tyk/apis/first");
  EXPECT_EQ(missing.status, 500);
  EXPECT_EQ(missing.body, error("Delete failed"));
  write("first.json", "{}");
  write("first-oas.json", "{}");
  EXPECT_EQ(call("DELETE", "/tyk/apis/first").body, done("first", "deleted"));
  EXPECT_EQ(files(), std::vector<std::string>{"first-oas.json"}) << "not the half of an OAS API";
  serve("pair")->is_oas = true;
  write("pair.json", "{}");
  write("pair-oas.json", "{}");
  EXPECT_EQ(call("DELETE", "/tyk/apis/oas/pair").body, done("pair", "deleted"));
  EXPECT_EQ(files(), std::vector<std::string>{"first-oas.json"});
  EXPECT_EQ(call("DELETE", "/tyk/apis/none").body, error("API not found"));
}

TEST_F(ApiCallsTest, SaysWhenTheDirectoryIsNotThere) {
  control_.settings.app_path = (directory_ / "missing").string();
  const AdminReply reply = call("POST", "/tyk/apis", R"({"api_id":"x"})");
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, error("file object creation failed, write error"));
}

TEST_F(ApiCallsTest, TakesARelativeDirectoryFromTheWorkingDirectory) {
  control_.settings.working_directory = directory_.parent_path().string();
  control_.settings.app_path = directory_.filename().string() + "/";
  EXPECT_EQ(call("POST", "/tyk/apis", R"({"api_id":"x"})").status, 200);
  EXPECT_EQ(files(), std::vector<std::string>{"x.json"});
}

}  // namespace
}  // namespace tykpp::admin
