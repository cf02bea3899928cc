#include "definition/version_rules.hpp"
#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

constexpr const char* kAnyApi = R"({"name":"new","api_id":"new"})";

class VersionCallsTest : public AdminTest {
 protected:
  /// An API with the version `v1` of its own and another API as `v2`.
  void serveBase(const std::string& standing = "self") {
    auto rules = std::make_shared<definition::VersionRules>();
    rules->apart = true;
    rules->own_name = "v1";
    rules->default_version = standing;
    rules->children = {{"v2", "two"}};
    auto base = serve("base");
    base->versioning = rules;
    base->name = "Base";
    base->classic_text = nlohmann::json{{"api_id", "base"},
                                        {"definition",
                                         {{"enabled", true},
                                          {"name", "v1"},
                                          {"default", standing},
                                          {"versions", {{"v2", "two"}}}}}}
                             .dump();
    write("base.json", base->classic_text);
    auto two = serve("two");
    two->name = "Two";
    two->internal = true;
    write("two.json", two->classic_text);
  }
};

TEST_F(VersionCallsTest, RefusesAVersionOfNothing) {
  const AdminReply nameless = call("POST", "/tyk/apis?base_api_id=base", kAnyApi);
  EXPECT_EQ(nameless.status, 422);
  EXPECT_EQ(nameless.body, error("The new version name is required"));
  const std::string query = "/tyk/apis?base_api_id=base&new_version_name=v9";
  EXPECT_EQ(call("POST", query, kAnyApi).body, error("base is not a valid Base API version"));
  serve("base");
  EXPECT_EQ(call("POST", query, kAnyApi).body,
            error("you need to provide a version name for the new Base API: base"));
  EXPECT_TRUE(files().empty());
}

TEST_F(VersionCallsTest, MakesAnApiAVersionOfAnother) {
  serve("base");
  ASSERT_EQ(call("POST",
                 "/tyk/apis?base_api_id=base&new_version_name=v2&base_api_version_name=v1"
                 "&set_default=true",
                 kAnyApi)
                .body,
            done("new", "added"));
  const auto definition = readJson("base.json")["definition"];
  EXPECT_EQ(definition["enabled"], true);
  EXPECT_EQ(definition["name"], "v1");
  EXPECT_EQ(definition["default"], "v2");
  EXPECT_EQ(definition["location"], "header");
  EXPECT_EQ(definition["key"], "x-api-version");
  EXPECT_EQ(definition["versions"]["v2"], "new");
  EXPECT_EQ(readJson("new.json")["api_id"], "new");
}

TEST_F(VersionCallsTest, WritesBothHalvesOfAnOasBase) {
  auto base = serve("base");
  base->is_oas = true;
  base->oas_text = R"({"openapi":"3.0.3","x-tyk-api-gateway":{"info":{"id":"base"}}})";
  ASSERT_EQ(call("POST", "/tyk/apis?base_api_id=base&new_version_name=v2&base_api_version_name=v1",
                 kAnyApi)
                .status,
            200);
  const auto versioning = readJson("base-oas.json")["x-tyk-api-gateway"]["info"]["versioning"];
  EXPECT_EQ(versioning["enabled"], true);
  EXPECT_EQ(versioning["default"], "self");
  ASSERT_EQ(versioning["versions"].size(), 1U);
  EXPECT_EQ(versioning["versions"][0]["name"], "v2");
  EXPECT_EQ(versioning["versions"][0]["id"], "new");
  EXPECT_EQ(readJson("base.json")["definition"]["versions"]["v2"], "new");
  EXPECT_EQ(readJson("base.json")["is_oas"], true);
}

TEST_F(VersionCallsTest, TakesARemovedVersionOutOfItsBase) {
  serveBase("v2");
  ASSERT_EQ(call("DELETE", "/tyk/apis/two").body, done("two", "deleted"));
  const auto definition = readJson("base.json")["definition"];
  EXPECT_TRUE(definition["versions"].empty());
  EXPECT_EQ(definition["default"], "v1");
}

TEST_F(VersionCallsTest, LeavesTheVersionsOfARemovedBaseAlone) {
  serveBase();
  ASSERT_EQ(call("DELETE", "/tyk/apis/base").body, done("base", "deleted"));
  EXPECT_EQ(files(), std::vector<std::string>{"two.json"});
}

TEST_F(VersionCallsTest, ListsVersions) {
  serveBase();
  const std::string base =
      R"({"id":"base","name":"Base","versionName":"v1","internal":false,"expirationDate":"",)"
      R"("isDefaultVersion":true})";
  const std::string two =
      R"({"id":"two","name":"Two","versionName":"v2","internal":true,"expirationDate":"",)"
      R"("isDefaultVersion":false})";
  const auto answer = [](const std::string& apis) {
    return R"({"status":"success","apis":)" + apis + "}\n";
  };
  EXPECT_EQ(call("GET", "/tyk/apis/base/versions").body, answer("[" + base + "," + two + "]"));
  EXPECT_EQ(call("GET", "/tyk/apis/oas/base/versions?searchText=V2").body, answer("[" + two + "]"));
  EXPECT_EQ(call("GET", "/tyk/apis/base/versions?accessType=external").body,
            answer("[" + base + "]"));
  EXPECT_EQ(call("GET", "/tyk/apis/base/versions?searchText=zzz").body, answer("null"));
  EXPECT_EQ(call("GET", "/tyk/apis/none/versions").body, error("API not found"));
}

}  // namespace
}  // namespace tykpp::admin
