#include "response/error_templates.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "definition/gateway_config.hpp"
#include "http/exchange.hpp"

namespace tykpp::response {
namespace {

namespace fs = std::filesystem;

class ErrorTemplatesTest : public testing::Test {
 protected:
  ErrorTemplatesTest() {
    std::string name = (fs::temp_directory_path() / "tykpp_templates_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~ErrorTemplatesTest() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    config_.template_path = directory_.string();
  }
  std::string loadError() {
    const auto loaded = ErrorTemplates::load(config_);
    return loaded ? "loaded" : loaded.error().message();
  }
  /// Content-Type, a line end, and the body.
  std::string fill(std::uint16_t status, std::string_view message, std::string_view type = {}) {
    auto templates = ErrorTemplates::load(config_);
    if (!templates) return templates.error().message();
    BlockPool pool;
    Arena arena(pool);
    http::Exchange exchange(arena, 0, 1);
    if (!type.empty()) exchange.request().headers.add(http::HeaderId::kContentType, type);
    exchange.response().headers.add("X-From-Upstream", "1");
    templates->fill(exchange, status, message);
    const http::Response& response = exchange.response();
    EXPECT_EQ(response.status, status);
    EXPECT_FALSE(response.headers.contains("X-From-Upstream"));
    generator_ = std::string(response.headers.get(http::HeaderId::kXGenerator));
    return std::string(response.headers.get(http::HeaderId::kContentType)) + "\n" +
           *response.body();
  }

  fs::path directory_;
  definition::GatewayConfig config_;
  std::string generator_;
};

TEST_F(ErrorTemplatesTest, WritesTheBuiltInJson) {
  EXPECT_EQ(fill(403, "Access to this API has been disallowed"),
            "application/json\n{\n    \"error\": \"Access to this API has been disallowed\"\n}");
  EXPECT_EQ(generator_, "tyk.io");
}

TEST_F(ErrorTemplatesTest, WritesTheBuiltInXmlWithTheRequestsType) {
  const std::string body =
      "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>xml error</error>\n";
  EXPECT_EQ(fill(500, "xml error", "application/xml"), "application/xml\n" + body);
  EXPECT_EQ(fill(500, "xml error", "text/xml; charset=utf-8"), "text/xml\n" + body);
  EXPECT_EQ(fill(500, "xml error", "Application/SOAP+XML"), "application/soap+xml\n" + body);
}

TEST_F(ErrorTemplatesTest, HidesTheGeneratorWhenAsked) {
  config_.hide_generator_header = true;
  fill(500, "x");
  EXPECT_EQ(generator_, "");
}

TEST_F(ErrorTemplatesTest, EscapesTheMessageAsTheOriginalDoes) {
  EXPECT_EQ(fill(500, "Can't detect loop target"),
            "application/json\n{\n    \"error\": \"Can\\'t detect loop target\"\n}");
  EXPECT_EQ(
      fill(500, "a\"b\\c\n<&>="),
      "application/json\n{\n    \"error\": \"a\\\"b\\\\c\\u000A\\u003C\\u0026\\u003E\\u003D\"\n}");
  EXPECT_EQ(fill(500, "a\"<&>'", "text/xml"),
            "text/xml\n<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n"
            "<error>a&#34;&lt;&amp;&gt;&#39;</error>\n");
}

TEST_F(ErrorTemplatesTest, LooksForTheStatusThenTheTypeThenTheDefault) {
  write("error.json", R"({"own": true, "message": "{{.Message}}"})");
  write("error_403.json", R"({"only403": "{{ .Message }}"})");
  write("error.xml", "<own>{{.Message}}</own>");
  EXPECT_EQ(fill(401, "m"), "application/json\n{\"own\": true, \"message\": \"m\"}");
  EXPECT_EQ(fill(403, "m"), "application/json\n{\"only403\": \"m\"}");
  EXPECT_EQ(fill(403, "m", "text/xml"), "text/xml\n<own>m</own>");
}

TEST_F(ErrorTemplatesTest, AnswersXmlRequestsWithTheOwnJsonWhenThereIsNoOwnXml) {
  write("error.json", "j:{{.Message}}");
  EXPECT_EQ(fill(500, "'", "text/xml"), "application/json\nj:\\'");
}

TEST_F(ErrorTemplatesTest, KeepsTheBuiltInDefaultBesideATemplateForOneStatus) {
  write("error_500.json", "boom");
  EXPECT_EQ(fill(500, "m"), "application/json\nboom");
  EXPECT_EQ(fill(404, "m"), "application/json\n{\n    \"error\": \"m\"\n}");
}

TEST_F(ErrorTemplatesTest, UnderstandsTrimMarkersCommentsAndTheStatus) {
  write("error.json",
        "a \n {{- .StatusCode -}} \t b{{/* }} {{.Nope}} */}}c {{- /* x */ -}} {{.Message}}!");
  EXPECT_EQ(fill(418, "tea"), "application/json\na418bctea!");
}

TEST_F(ErrorTemplatesTest, ReadsARelativePathFromTheWorkingDirectory) {
  write("error.json", "rel");
  config_.working_directory = directory_.parent_path().string();
  config_.template_path = directory_.filename().string();
  EXPECT_EQ(fill(500, "m"), "application/json\nrel");
}

TEST_F(ErrorTemplatesTest, NamesFileLineAndActionThatItDoesNotUnderstand) {
  write("error.json", "one\ntwo {{if .Message}}x{{end}}");
  const std::string error = loadError();
  EXPECT_NE(error.find((directory_ / "error.json").string()), std::string::npos) << error;
  EXPECT_NE(error.find("line 2"), std::string::npos) << error;
  EXPECT_NE(error.find("{{if .Message}}"), std::string::npos) << error;
}

TEST_F(ErrorTemplatesTest, RefusesAnUnclosedAction) {
  write("error.json", "{{.Message");
  EXPECT_NE(loadError().find("without `}}`"), std::string::npos);
  write("error.json", "{{/* never closed }}");
  EXPECT_NE(loadError().find("without `}}`"), std::string::npos);
}

TEST_F(ErrorTemplatesTest, RefusesADirectoryWithoutTemplates) {
  write("other.json", "x");
  EXPECT_NE(loadError().find("has no error* template"), std::string::npos);
  config_.template_path = (directory_ / "missing").string();
  EXPECT_NE(loadError().find("No such file"), std::string::npos);
  config_.template_path = (directory_ / "other.json").string();
  EXPECT_NE(loadError(), "loaded");
}

TEST_F(ErrorTemplatesTest, RefusesATemplateThatIsADirectory) {
  write("error.json", "x");
  fs::create_directory(directory_ / "error.xml");
  EXPECT_NE(loadError().find("not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::response
