#include "events/impl/template.hpp"

#include <gtest/gtest.h>

namespace tykpp::events {
namespace {

const Json& data() {
  static const Json kData = Json::parse(R"({"Type": "AuthFailure", "TimeStamp": "now",
      "Meta": {"Message": "it's <b>", "Path": "/a", "Key": "k+\"", "org_id": "o", "trigger_limit": 80,
               "List": [1, 2], "Empty": "", "Map": {"x-y": "z"}}})");
  return kData;
}

std::string render(std::string_view text) {
  auto parsed = Template::parse(text);
  if (!parsed) return "parse: " + parsed.error().message();
  auto out = parsed->render(data());
  return out ? *out : "render: " + out.error().message();
}

TEST(WebHookTemplate, WritesTextAndFields) {
  EXPECT_EQ(render(""), "");
  EXPECT_EQ(render("plain"), "plain");
  EXPECT_EQ(render(R"({"t":"{{.Type}}","p":"{{ .Meta.Path }}"})"),
            R"({"t":"AuthFailure","p":"/a"})");
  EXPECT_EQ(render("[{{.Meta.Nothing}}{{.Nothing.At.All}}]"), "[]");
  EXPECT_EQ(render("{{.Meta.OrgID}} {{.Meta.TriggerLimit}} {{$.Type}}"), "o 80 AuthFailure");
}

TEST(WebHookTemplate, EscapesMarksAsTheOriginalDoes) {
  EXPECT_EQ(render("{{.Meta.Message}} {{.Meta.Key}}"), "it&#39;s &lt;b&gt; k&#43;&#34;");
  EXPECT_EQ(render("{{html .Meta.Message}}"), "it&#39;s &lt;b&gt;");
  EXPECT_EQ(render("{{.Meta.Message | html}}"), "it&#39;s &lt;b&gt;");
}

TEST(WebHookTemplate, LeavesOutCommentsAndTrims) {
  EXPECT_EQ(render("a {{/* not }} shown */}} b"), "a  b");
  EXPECT_EQ(render("a \n {{- .Type -}} \n b"), "aAuthFailureb");
}

TEST(WebHookTemplate, ChoosesByConditions) {
  EXPECT_EQ(render("{{if eq .Type \"X\"}}x{{else if eq .Type \"AuthFailure\"}}a{{else}}e{{end}}"),
            "a");
  EXPECT_EQ(render("{{if or (eq .Type \"HostDown\") (eq .Type \"HostUp\")}}h{{else}}o{{end}}"),
            "o");
  EXPECT_EQ(render("{{if and .Type (not .Meta.Empty)}}y{{end}}"), "y");
  EXPECT_EQ(render("{{if gt .Meta.TriggerLimit 79}}over{{end}}{{if ne .Type `B`}} ne{{end}}"),
            "over ne");
  EXPECT_EQ(render("{{if eq .Type \"A\" \"AuthFailure\"}}one of{{end}}"), "one of");
  EXPECT_EQ(render("{{with .Meta.Map}}{{index . \"x-y\"}}{{else}}none{{end}}"), "z");
  EXPECT_EQ(render("{{with .Meta.Empty}}some{{else}}none{{end}}"), "none");
  EXPECT_EQ(render("{{range .Meta.List}}[{{.}}]{{end}}{{range .Meta.Empty}}x{{else}}-{{end}}"),
            "[1][2]-");
}

TEST(WebHookTemplate, CallsFunctions) {
  EXPECT_EQ(render("{{len .Meta.List}} {{index .Meta.List 1}}"), "2 2");
  EXPECT_EQ(render("{{printf \"%s-%d%%\" .Type .Meta.TriggerLimit}}"), "AuthFailure-80%");
  EXPECT_EQ(render("{{print 1 2 \"a\"}} {{urlquery .Meta.Path \"b c\"}}"), "1 2a %2Fab&#43;c");
  EXPECT_EQ(render("{{as_rfc3339_from_string \"2026-01-02 15:04:05.12 +0100 CET\"}}"),
            "2026-01-02T15:04:05&#43;01:00");
  EXPECT_EQ(render("{{as_rfc3339 86400}}"), "1970-01-02T00:00:00Z");
}

TEST(WebHookTemplate, NamesWhatItDoesNotUnderstandWithTheLine) {
  EXPECT_EQ(render("a\nb {{ .Type"), "parse: line 2: `{{` without `}}`");
  EXPECT_EQ(render("a\n{{env \"HOME\"}}"), "parse: line 2: there is no function env");
  EXPECT_EQ(render("{{if .Type}}x"), "parse: line 1: a block has no {{end}}");
  EXPECT_EQ(render("x{{end}}"), "parse: line 1: {{end}} ends nothing");
  EXPECT_EQ(render("{{define \"x\"}}{{end}}"), "parse: line 1: {{define}} is not supported");
  EXPECT_EQ(render("{{$x := 1}}"), "parse: line 1: variables are not supported");
  EXPECT_EQ(render("{{.Type)}}"), "parse: line 1: unexpected )");
  EXPECT_EQ(render("{{eq .Type}}"), "parse: line 1: wrong number of arguments for eq");
  EXPECT_EQ(render("{{lt .Type 1}}"),
            "render: line 1: lt: only two numbers or two texts can be compared");
}

TEST(WebHookTemplate, LimitsDepthAndOutput) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "{{if .Type}}";
  EXPECT_EQ(render(deep), "parse: line 1: blocks nest too deep");
  EXPECT_EQ(render("{{" + std::string(200, '(') + "}}"),
            "parse: line 1: parentheses nest too deep");
  Json list = Json::array();
  for (int i = 0; i < 200; ++i) list.push_back("some text " + std::string(100, 'x'));
  for (const char* text : {"{{range .}}{{range $}}{{.}}{{end}}{{end}}",
                           "{{range .}}{{range $}}{{range $}}{{range $}}{{if "
                           ".}}{{end}}{{end}}{{end}}{{end}}{{end}}"}) {
    auto parsed = Template::parse(text);
    ASSERT_TRUE(parsed);
    const auto out = parsed->render(list);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code(), Errc::kBodyTooLarge);
  }
}

}  // namespace
}  // namespace tykpp::events
