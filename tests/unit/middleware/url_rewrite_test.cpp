#include "middleware/url_rewrite.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "http/request_context.hpp"
#include "http/upstream_change.hpp"
#include "middleware/context_variables.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using definition::RewriteRule;
using definition::RewriteTrigger;
using definition::TriggerInput;
using definition::VariableText;

VariableText target(std::string_view text) {
  static const definition::SecretMap kNone;
  return VariableText::parse(text,
                             {kNone, definition::Environment(std::map<std::string, std::string>{})},
                             VariableText::Groups::kYes)
      .value();
}

/// One rule for every GET and POST, and what becomes of requests.
class UrlRewriteTest : public ::testing::Test {
 protected:
  UrlRewriteTest() { api_.transforms = rules_; }
  void rule(std::string pattern, std::string_view to, std::vector<RewriteTrigger> triggers = {}) {
    for (const char* method : {"GET", "POST"}) {
      rules_->rewrites.push_back({{"/", method, ""}, pattern, target(to), triggers});
    }
  }
  Result<chain::Verdict> run(test::TestExchange& on) {
    on.exchange.api = &api_;
    steps_ = UrlRewrite::create({api_, config_, 1}).value();
    EXPECT_EQ(steps_.size(), 1u);
    return steps_.front()->onRequest(on.exchange);
  }
  /// The URL that goes upstream, `-` when it stays the request's.
  std::string urlAfter(test::TestExchange& on) {
    const auto verdict = run(on);
    if (!verdict) return verdict.error().message();
    const http::UpstreamChange* change = on.exchange.upstream_change;
    return change == nullptr || !change->rewritten ? "-"
                                                   : std::string(change->url(on.exchange.arena()));
  }
  std::string urlAfter(std::string_view from) {
    test::TestExchange on("GET", from);
    return urlAfter(on);
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  std::shared_ptr<definition::TransformRules> rules_ =
      std::make_shared<definition::TransformRules>();
  std::vector<std::unique_ptr<chain::Step>> steps_;
};

TEST_F(UrlRewriteTest, IsAbsentWithoutRules) {
  EXPECT_TRUE(UrlRewrite::create({api_, config_, 1})->empty());
}

TEST_F(UrlRewriteTest, ReplacesTheWholeUrl) {
  rule("/old/(\\w+)", "/new/$1");
  EXPECT_EQ(urlAfter("/r/old/abc"), "/new/abc");
  EXPECT_EQ(urlAfter("/r/old/abc/more?k=v"), "/new/abc");
  EXPECT_EQ(urlAfter("/r/old/a%20b"), "/new/a");
  EXPECT_EQ(urlAfter("/r/other"), "-");
}

TEST_F(UrlRewriteTest, SeesTheQuery) {
  rule("/q\\?name=(\\w+)&age=(\\d+)", "/people/$1?age=$2&full=$0&no=$7");
  EXPECT_EQ(urlAfter("/r/q?name=ann&age=7"), "/people/ann?age=7&full=/q?name=ann&age=7&no=");
  EXPECT_EQ(urlAfter("/r/q?name=ann"), "-");
}

TEST_F(UrlRewriteTest, ReplacesGroupsByTheirWholeNumber) {
  rule("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)?", "/$10/$1/$11.");
  EXPECT_EQ(urlAfter("/abcdefghij"), "/j/a/.");
}

TEST_F(UrlRewriteTest, TriesTheDecodedUrlWhenTheEscapedOneDoesNotMatch) {
  rule("/a b/(.*)", "/x/$1");
  EXPECT_EQ(urlAfter("/a%20b/c%2Fd"), "/x/c/d");
  EXPECT_EQ(urlAfter("/a%20b/%25zz"), "-");
  EXPECT_EQ(urlAfter("/other?q=%zz"), "failed to decode URL path: invalid URL escape \"%zz\"");
  EXPECT_EQ(urlAfter("/other?q=%2"), "failed to decode URL path: invalid URL escape \"%2\"");
}

TEST_F(UrlRewriteTest, FailsRequestsOfARuleWithoutAPattern) {
  rule("/bad/(", "/never");
  test::TestExchange on("GET", "/bad/x");
  const auto verdict = run(on);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 500);
  EXPECT_EQ(verdict.error().message(), "URLRewrite regexp error /bad/(");
}

TEST_F(UrlRewriteTest, LeavesTheHost) {
  rule("/abs/(.*)", "HTTPS://user@Other.example:8443/absolute/$1#part");
  test::TestExchange on("GET", "/r/abs/x?z=1");
  EXPECT_EQ(urlAfter(on), "https://user@Other.example:8443/absolute/x?z=1");
  EXPECT_EQ(on.exchange.upstream_change->scheme, "https");
  EXPECT_EQ(on.exchange.upstream_change->target, "/absolute/x?z=1");
}

TEST_F(UrlRewriteTest, CompletesAbsoluteUrls) {
  rule("/(.*)", "http://$1");
  EXPECT_EQ(urlAfter("/host"), "http://host/");
  EXPECT_EQ(urlAfter("/host?a=b"), "http://host/?a=b");
  EXPECT_EQ(urlAfter("/"), "-");
}

TEST_F(UrlRewriteTest, StaysWithTheHostOfAnAbsoluteRequest) {
  rule("http://(.*?)/(.*)", "http://$1/new/$2");
  test::TestExchange on("GET", "/old");
  on.exchange.request().received_target = "http://example.org/old";
  EXPECT_EQ(urlAfter(on), "/new/old");
}

TEST_F(UrlRewriteTest, RefusesLoopsAndIgnoresWhatIsNoUrl) {
  rule("/go/(.*)", "$1");
  EXPECT_EQ(urlAfter("/go/tyk://self/a"), "Can't detect loop target");
  EXPECT_EQ(urlAfter("/go/ftp://h/a"), "-");
  EXPECT_EQ(urlAfter("/go//evil.example/a"), "/evil.example/a");
  EXPECT_EQ(urlAfter("/go/a?u=http://h"), "a?u=http://h");
}

TEST_F(UrlRewriteTest, EscapesVariables) {
  rule("/ctx", "/by/$tyk_context.headers_X_Name/$tyk_context.request_data_a");
  test::TestExchange on("GET", "/ctx?a=b%20c");
  on.exchange.request().headers.add("X-Name", "jo/an?");
  EXPECT_TRUE(ContextVariables(0, true).onRequest(on.exchange));
  EXPECT_EQ(urlAfter(on), "/by/jo%2Fan%3F/b+c");
}

TEST_F(UrlRewriteTest, DoesNotReadGroupsForVariables) {
  rule("/go/(.*)", "/x/$1");
  test::TestExchange on("GET", "/go/$tyk_context.path");
  EXPECT_TRUE(ContextVariables(0, false).onRequest(on.exchange));
  EXPECT_EQ(urlAfter(on), "/x/$tyk_context.path");
}

RewriteTrigger trigger(bool any, std::vector<definition::TriggerOption> options,
                       std::string_view to) {
  return {any, std::move(options), target(to)};
}

TEST_F(UrlRewriteTest, TakesTheFirstTriggerThatFires) {
  rule("/do(.*)", "/default",
       {trigger(false,
                {{TriggerInput::kHeader, {{"x-kind", "^(gold|silver)$", false}}},
                 {TriggerInput::kQuery, {{"n", "^[0-9]+$", false}}}},
                "/all/$tyk_context.trigger-0-X-Kind-0/$tyk_context.trigger-0-X-Kind-0-0/"
                "$tyk_context.trigger-0-n-0"),
        trigger(true,
                {{TriggerInput::kHeader, {{"X-Beta", "yes", false}}},
                 {TriggerInput::kPathPart, {{"beta", "^beta(\\d*)$", false}}}},
                "/any/$tyk_context.trigger-1-beta-0/$tyk_context.trigger-1-beta-0-0$1")});
  test::TestExchange gold("GET", "/do?n=12");
  gold.exchange.request().headers.add("X-Kind", "gold");
  EXPECT_EQ(urlAfter(gold), "/all/gold/gold/12");
  test::TestExchange half("GET", "/do?n=x");
  half.exchange.request().headers.add("X-Kind", "gold");
  EXPECT_EQ(urlAfter(half), "/default");
  EXPECT_EQ(urlAfter("/do/beta7"), "/any/beta7/7/beta7");
  EXPECT_EQ(urlAfter("/do"), "/default");
}

TEST_F(UrlRewriteTest, WantsTheMainPatternAllTheSame) {
  rule("/do", "/default", {trigger(false, {}, "/always")});
  EXPECT_EQ(urlAfter("/do"), "/always");
  EXPECT_EQ(urlAfter("/other"), "-");
}

TEST_F(UrlRewriteTest, CountsValuesAndNotNames) {
  rule(".*", "/default",
       {trigger(false, {{TriggerInput::kQuery, {{"a", "1", false}, {"b", "1", false}}}}, "/all")});
  EXPECT_EQ(urlAfter("/?a=1"), "/default");
  EXPECT_EQ(urlAfter("/?a=1&b=1"), "/all");
  EXPECT_EQ(urlAfter("/?a=1&a=1"), "/all");
}

TEST_F(UrlRewriteTest, NeedsTheValueOfANegatedRule) {
  rule(".*", "/default",
       {trigger(true, {{TriggerInput::kQuery, {{"n", "^\\d+$", true}}}}, "/nan")});
  EXPECT_EQ(urlAfter("/?n=x"), "/nan");
  EXPECT_EQ(urlAfter("/?n=5"), "/default");
  EXPECT_EQ(urlAfter("/"), "/default");
}

TEST_F(UrlRewriteTest, LooksAtTheBody) {
  rule(".*", "/default",
       {trigger(false, {{TriggerInput::kBody, {{"", "type=(\\w+)", false}}}},
                "/$tyk_context.trigger-0-payload/$tyk_context.trigger-0-payload-0-0/"
                "$tyk_context.trigger-0-payload-1"),
        trigger(false, {{TriggerInput::kBody, {{"", "secret", true}}}}, "/open")});
  test::TestExchange on("POST", "/");
  on.exchange.request().setBody("type=a type=b");
  EXPECT_EQ(urlAfter(on), "/type%3Da/a/type%3Db");
  EXPECT_EQ(steps_.front()->requestBody(), http::BodyNeed::kBuffer);
  EXPECT_EQ(urlAfter("/"), "/open");
  test::TestExchange other("POST", "/");
  other.exchange.request().setBody("a secret");
  EXPECT_EQ(urlAfter(other), "/default");
}

TEST_F(UrlRewriteTest, NotesABoundedNumberOfMatches) {
  rule(".*", "/default", {trigger(false, {{TriggerInput::kBody, {{"", "", false}}}}, "/x")});
  test::TestExchange on("POST", "/");
  on.exchange.request().setBody(std::string(100'000, 'a'));
  EXPECT_EQ(urlAfter(on), "/x");
  EXPECT_EQ(on.exchange.context->triggers.size(), 101u);
}

TEST_F(UrlRewriteTest, LooksAtSessionAndContext) {
  rule(".*", "/default",
       {trigger(true, {{TriggerInput::kMetadata, {{"plan", "go(ld)", false}}}},
                "/$tyk_context.trigger-0-plan/$tyk_context.trigger-0-plan-0"),
        trigger(true, {{TriggerInput::kMetadata, {{"count", ".", false}}}}, "/count"),
        trigger(true, {{TriggerInput::kContext, {{"headers_X_Ctx", "c\\d", false}}}},
                "/$tyk_context.trigger-2-headers_X_Ctx"),
        trigger(true, {{TriggerInput::kContext, {{"path_parts", ".", false}}}}, "/parts")});
  test::TestExchange on("GET", "/a");
  on.exchange.request().headers.add("X-Ctx", "c7");
  EXPECT_EQ(urlAfter(on), "/default");  // no step of context variables
  EXPECT_TRUE(ContextVariables(0, false).onRequest(on.exchange));
  EXPECT_EQ(urlAfter(on), "/c7");
  on.exchange.session = std::make_shared<session::SessionState>(
      session::SessionState::parse(R"({"meta_data": {"plan": "gold", "count": 3}})", "k").value());
  EXPECT_EQ(urlAfter(on), "/gold/ld");
}

TEST_F(UrlRewriteTest, NeverFiresATriggerThatCannotBeRead) {
  rule(".*", "/default",
       {trigger(true, {{TriggerInput::kQuery, {{"n", "(", true}}}}, "/bad"),
        trigger(true, {{TriggerInput::kBody, {{"", "(", true}}}}, "/bad")});
  EXPECT_EQ(urlAfter("/?n=1"), "/default");
}

}  // namespace
}  // namespace tykpp::middleware
