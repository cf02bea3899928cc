#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

class OasCallsTest : public AdminTest {
 protected:
  static nlohmann::json document(const std::string& id, const std::string& listen_path) {
    return {{"openapi", "3.0.3"},
            {"info", {{"title", "oapi"}, {"version", "1"}}},
            {"paths", nlohmann::json::object()},
            {"x-tyk-api-gateway",
             {{"info",
               {{"name", "oapi"}, {"id", id}, {"orgId", "default"}, {"state", {{"active", true}}}}},
              {"upstream", {{"url", "http://127.0.0.1:9/"}}},
              {"server", {{"listenPath", {{"value", listen_path}, {"strip", true}}}}}}}};
  }
  std::shared_ptr<definition::ApiSpec> serveOas(const std::string& id) {
    auto api = serve(id);
    api->is_oas = true;
    api->oas_text = document(id, "/" + id + "/").dump();
    return api;
  }
};

TEST_F(OasCallsTest, StoresBothHalvesWithTheGatewaysAddress) {
  nlohmann::json given = document("oapi", "/before/");
  given["servers"] = {{{"url", "http://mine.example"}}};
  const AdminReply reply = call("POST", "/tyk/apis/oas", given.dump());
  ASSERT_EQ(reply.body, done("oapi", "added"));
  EXPECT_EQ(files(), (std::vector<std::string>{"oapi-oas.json", "oapi.json"}));
  const auto classic = readJson("oapi.json");
  EXPECT_EQ(classic["api_id"], "oapi");
  EXPECT_EQ(classic["is_oas"], true);
  EXPECT_EQ(classic["proxy"]["listen_path"], "/before/");
  const auto oas = readJson("oapi-oas.json");
  ASSERT_EQ(oas["servers"].size(), 2U);
  EXPECT_EQ(oas["servers"][0]["url"], "http://127.0.0.1:8080/before/");
  EXPECT_EQ(oas["servers"][1]["url"], "http://mine.example");
}

TEST_F(OasCallsTest, ReplacesTheAddressItPutThereBefore) {
  serveOas("oapi");
  nlohmann::json given = document("oapi", "/moved/");
  given["servers"] = {{{"url", "http://127.0.0.1:8080/oapi/"}}, {{"url", "http://mine.example"}}};
  ASSERT_EQ(call("PUT", "/tyk/apis/oas/oapi", given.dump()).body, done("oapi", "modified"));
  const auto servers = readJson("oapi-oas.json")["servers"];
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0]["url"], "http://127.0.0.1:8080/moved/");
  EXPECT_EQ(servers[1]["url"], "http://mine.example");
}

TEST_F(OasCallsTest, WritesAGeneratedIdBack) {
  nlohmann::json given = document("", "/x/");
  const auto reply =
      nlohmann::json::parse(call("POST", "/tyk/apis/oas", given.dump()).body, nullptr, false);
  const std::string id = reply["key"];
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(readJson(id + "-oas.json")["x-tyk-api-gateway"]["info"]["id"], id);
  EXPECT_EQ(readJson(id + ".json")["api_id"], id);
}

TEST_F(OasCallsTest, RefusesBodiesThatAreNoOasDefinition) {
  const char* const missing = "the payload should contain x-tyk-api-gateway";
  EXPECT_EQ(call("POST", "/tyk/apis/oas", "{").body, error("request malformed"));
  EXPECT_EQ(call("POST", "/tyk/apis/oas", R"({"openapi":"3.0.3","paths":{}})").body,
            error(missing));
  EXPECT_EQ(call("POST", "/tyk/apis/oas", R"({"info":{}})").body, error(missing));
  EXPECT_EQ(call("POST", "/tyk/apis/oas", R"({"x-tyk-api-gateway":[]})").status, 400);
  EXPECT_EQ(call("POST", "/tyk/apis/oas", R"({"x-tyk-api-gateway":{"info":5}})").status, 400);
  EXPECT_EQ(call("POST", "/tyk/apis/oas", document("../evil", "/x/").dump()).body,
            error("Invalid API ID"));
  EXPECT_TRUE(files().empty());
}

TEST_F(OasCallsTest, RefusesTargetsThatAllWeighNothing) {
  nlohmann::json given = document("oapi", "/x/");
  given["x-tyk-api-gateway"]["upstream"]["loadBalancing"] = {
      {"enabled", true}, {"targets", {{{"url", "http://a"}, {"weight", 0}}}}};
  const AdminReply reply = call("POST", "/tyk/apis/oas", given.dump());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body,
            error("Validation of API Definition failed. Reason: all load balancing targets have "
                  "weight 0, at least one target must have weight \\u003e 0."));
}

TEST_F(OasCallsTest, ChangesOnlyOasApisUnderTheirOwnId) {
  serveOas("oapi");
  serve("classic");
  EXPECT_EQ(call("PUT", "/tyk/apis/oas/none", "{}").body, error("API not found"));
  EXPECT_EQ(call("PUT", "/tyk/apis/oas/classic", document("classic", "/x/").dump()).body,
            error("the supplied API definition is in OAS format, please use the Tyk classic format "
                  "for this API"));
  EXPECT_EQ(call("PUT", "/tyk/apis/oas/oapi", document("other", "/x/").dump()).body,
            error("Request APIID does not match that in Definition! For Update operations these "
                  "must match."));
  EXPECT_EQ(
      call("PUT", "/tyk/apis/oapi", "{}").body,
      error("this API endpoint only supports Tyk Classic APIs; please use the appropriate Tyk "
            "OAS API endpoint"));
}

TEST_F(OasCallsTest, AnswersDocumentsWithoutAFinalLineEnd) {
  auto api = serveOas("oapi");
  serve("classic");
  api->oas_text = R"({"x":"<"})";
  EXPECT_EQ(call("GET", "/tyk/apis/oas/oapi").body, "{\"x\":\"\\u003c\"}");
  EXPECT_EQ(call("GET", "/tyk/apis/oas").body, "[{\"x\":\"\\u003c\"}]");
  EXPECT_EQ(call("GET", "/tyk/apis/oas/none").body,
            R"({"status":"error","message":"API not found"})");
  const AdminReply classic = call("GET", "/tyk/apis/oas/classic");
  EXPECT_EQ(classic.status, 400);
  EXPECT_EQ(
      classic.body,
      R"({"status":"error","message":"the requested API definition is in Tyk classic format, )"
      R"(please use old api endpoint"})");
  EXPECT_EQ(call("GET", "/tyk/apis/oapi").body, "{\"api_id\":\"oapi\"}\n");
}

TEST_F(OasCallsTest, ExportsOneAndAll) {
  serveOas("oapi");
  const AdminReply one = call("GET", "/tyk/apis/oas/oapi/export");
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.content_type, "application/octet-stream");
  ASSERT_EQ(one.headers.size(), 1U);
  EXPECT_EQ(one.headers[0].second, "attachment;filename=\"TykOasApiDef-oapi.json\"");
  EXPECT_NE(one.body.find("\n  \"openapi\": \"3.0.3\""), std::string::npos);
  EXPECT_FALSE(one.body.ends_with('\n'));
  const AdminReply open = call("GET", "/tyk/apis/oas/oapi/export?mode=public");
  EXPECT_EQ(open.headers[0].second, "attachment;filename=\"oas-oapi.json\"");
  EXPECT_EQ(open.body.find("x-tyk-api-gateway"), std::string::npos);
  const AdminReply all = call("GET", "/tyk/apis/oas/export");
  EXPECT_EQ(all.headers[0].second, "attachment;filename=\"TykOasApiDef.json\"");
  EXPECT_TRUE(all.body.starts_with("["));
  EXPECT_EQ(call("GET", "/tyk/apis/oas/none/export").status, 404);
}

}  // namespace
}  // namespace tykpp::admin
