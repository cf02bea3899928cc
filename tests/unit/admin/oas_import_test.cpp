#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

class OasImportTest : public AdminTest {
 protected:
  static nlohmann::json document() {
    return {
        {"openapi", "3.0.3"},
        {"info", {{"title", "Shop"}, {"version", "1"}}},
        {"servers",
         {{{"url", "http://{host}/base"}, {"variables", {{"host", {{"default", "up.example"}}}}}}}},
        {"security", {{{"key", nlohmann::json::array()}}, {{"jwt", nlohmann::json::array()}}}},
        {"components",
         {{"securitySchemes",
           {{"key", {{"type", "apiKey"}, {"in", "query"}, {"name", "k"}}},
            {"jwt", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}}}},
        {"paths",
         {{"/pets", {{"get", {{"operationId", "list"}}}, {"post", nlohmann::json::object()}}}}}};
  }
  AdminReply import(const std::string& query, const nlohmann::json& given = document()) {
    return call("POST", "/tyk/apis/oas/import?apiID=shop" + query, given.dump());
  }
  nlohmann::json stored() { return readJson("shop-oas.json")["x-tyk-api-gateway"]; }
};

TEST_F(OasImportTest, MakesAnApiOfADocumentAlone) {
  ASSERT_EQ(import("").body, done("shop", "added"));
  const auto extension = stored();
  EXPECT_EQ(extension["info"]["name"], "Shop");
  EXPECT_EQ(extension["info"]["state"]["active"], true);
  EXPECT_EQ(extension["upstream"]["url"], "http://up.example/base");
  EXPECT_EQ(extension["server"]["listenPath"]["value"], "/");
  EXPECT_EQ(extension["server"]["listenPath"]["strip"], true);
  EXPECT_EQ(extension["middleware"]["global"]["trafficLogs"]["enabled"], true);
  EXPECT_FALSE(extension["middleware"].contains("operations"));
  const auto classic = readJson("shop.json");
  EXPECT_EQ(classic["use_keyless"], true);
  EXPECT_EQ(classic["enable_context_vars"], true);
}

TEST_F(OasImportTest, TakesWhatParametersSay) {
  ASSERT_EQ(import("&upstreamURL=https%3A%2F%2Ftwo.example%2F&listenPath=/shop/"
                   "&customDomain=shop.example&allowList=true&authentication=true")
                .body,
            done("shop", "added"));
  const auto extension = stored();
  EXPECT_EQ(extension["upstream"]["url"], "https://two.example/");
  EXPECT_EQ(extension["server"]["listenPath"]["value"], "/shop/");
  EXPECT_EQ(extension["server"]["customDomain"]["name"], "shop.example");
  EXPECT_EQ(extension["middleware"]["operations"]["list"]["allow"]["enabled"], true);
  EXPECT_EQ(extension["middleware"]["operations"]["petsPOST"]["allow"]["enabled"], true);
  EXPECT_EQ(readJson("shop-oas.json")["paths"]["/pets"]["post"]["operationId"], "petsPOST");
  const auto authentication = extension["server"]["authentication"];
  EXPECT_EQ(authentication["enabled"], true);
  EXPECT_EQ(authentication["securitySchemes"]["key"]["query"]["name"], "k");
  EXPECT_FALSE(authentication["securitySchemes"].contains("jwt")) << "of the second requirement";
  const auto classic = readJson("shop.json");
  EXPECT_EQ(classic["use_keyless"], false);
  EXPECT_EQ(classic["version_data"]["versions"][""]["extended_paths"]["white_list"].size(), 2U);
}

TEST_F(OasImportTest, TakesEveryRequirementInCompliantMode) {
  ASSERT_EQ(import("&authentication=compliant").body, done("shop", "added"));
  const auto authentication = stored()["server"]["authentication"];
  EXPECT_EQ(authentication["securityProcessingMode"], "compliant");
  EXPECT_TRUE(authentication["securitySchemes"].contains("jwt"));
  EXPECT_TRUE(authentication["securitySchemes"].contains("key"));
}

TEST_F(OasImportTest, RefusesWhatIsNoPlainDocument) {
  EXPECT_EQ(call("POST", "/tyk/apis/oas/import", "{").body, error("request malformed"));
  EXPECT_EQ(call("POST", "/tyk/apis/oas/import", R"({"x-tyk-api-gateway":{}})").body,
            error("the import payload should not contain x-tyk-api-gateway"));
  EXPECT_EQ(call("POST", "/tyk/apis/oas/import", R"({"openapi":"3.0.3"})").status, 400);
  EXPECT_EQ(call("POST", "/tyk/apis/oas/import", R"({"swagger":"2.0"})").status, 400);
  EXPECT_TRUE(files().empty());
}

TEST_F(OasImportTest, SaysWhatIsWrongWithTheUpstream) {
  const auto about = [this](const nlohmann::json& servers) {
    nlohmann::json given = document();
    given["servers"] = servers;
    const AdminReply reply = import("", given);
    EXPECT_EQ(reply.status, 400);
    return nlohmann::json::parse(reply.body)["message"].get<std::string>();
  };
  EXPECT_TRUE(about(nlohmann::json::array()).starts_with("The ‘servers’ object is empty"));
  EXPECT_NE(about({{{"url", "/base"}}}).find("Please update \"/base\""), std::string::npos);
  EXPECT_EQ(about({{{"url", "http://{a}/"}}}), "server URL contains undefined variables");
  EXPECT_EQ(about({{{"url", "http://{a}/"}, {"variables", {{"a", nlohmann::json::object()}}}}}),
            "server variable a does not have a default value");
  EXPECT_EQ(about({"http://a"}), "Couldn't decode OAS object");
  EXPECT_EQ(import("&upstreamURL=nowhere").status, 400);
  EXPECT_TRUE(files().empty());
}

TEST_F(OasImportTest, SaysWhatIsWrongWithAuthentication) {
  nlohmann::json given = document();
  given.erase("security");
  EXPECT_NE(import("&authentication=true", given).body.find("The ‘security’ object is empty"),
            std::string::npos);
  given["security"] = {{{"gone", nlohmann::json::array()}}};
  EXPECT_NE(import("&authentication=true", given).body.find("gone is not in components"),
            std::string::npos);
  EXPECT_EQ(import("&authentication=maybe").status, 400);
  EXPECT_EQ(import("&securityProcessingMode=odd").status, 400);
}

TEST_F(OasImportTest, NamesTheParameterThatIsNoSwitch) {
  const AdminReply reply = import("&allowList=perhaps");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, error("allowList: has to be true or false"));
}

}  // namespace
}  // namespace tykpp::admin
