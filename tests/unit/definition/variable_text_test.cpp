#include "definition/variable_text.hpp"

#include <gtest/gtest.h>

namespace tykpp::definition {
namespace {

using PieceKind = VariableText::Piece::Kind;
using ContextKind = ContextName::Kind;

class VariableTextTest : public ::testing::Test {
 protected:
  VariableText parsed(std::string_view text,
                      VariableText::Groups groups = VariableText::Groups::kNo) {
    return VariableText::parse(text, {secrets_, env_}, groups).value();
  }
  /// The pieces, shown: texts as they are, the rest in brackets.
  std::string shown(std::string_view text,
                    VariableText::Groups groups = VariableText::Groups::kYes) {
    std::string out;
    const VariableText whole = parsed(text, groups);
    for (const VariableText::Piece& piece : whole.pieces()) {
      switch (piece.kind) {
        case PieceKind::kText:
          out += piece.text;
          break;
        case PieceKind::kGroup:
          out += "<" + std::to_string(piece.group) + ">";
          break;
        case PieceKind::kContext:
          out += "<context " + piece.context.name + ">";
          break;
        case PieceKind::kMeta:
          out += "<meta " + piece.text + ">";
          break;
      }
    }
    return out;
  }
  SecretMap secrets_{{"backend", "v1"}, {"tricky", "$tyk_meta.plan $1"}};
  Environment env_{{{"TYK_SECRET_TOKEN", "e1"}, {"TOKEN", "wrong"}}};
};

TEST_F(VariableTextTest, LeavesPlainTextAlone) {
  EXPECT_EQ(*parsed("").constant(), "");
  EXPECT_EQ(*parsed("plain").constant(), "plain");
  EXPECT_EQ(*parsed("$ $$ $tyk_context $tyk_context. $tyk_meta.%").constant(),
            "$ $$ $tyk_context $tyk_context. $tyk_meta.%");
  EXPECT_EQ(*parsed("$1").constant(), "$1");
}

TEST_F(VariableTextTest, TakesVariablesApart) {
  EXPECT_EQ(shown("a$tyk_meta.plan/b"), "a<meta plan>/b");
  EXPECT_EQ(shown("$tyk_meta.deep.tier-x_1!"), "<meta deep.tier-x_1>!");
  EXPECT_EQ(shown("$tyk_context.headers_X_In$tyk_context.cookies_a"), "<context X_In><context a>");
  EXPECT_EQ(parsed("$tyk_meta.plan").constant(), nullptr);
}

TEST_F(VariableTextTest, TakesGroupsByTheirLongestNumber) {
  EXPECT_EQ(shown("/$1/$10/$0$2"), "/<1>/<10>/<0><2>");
  EXPECT_EQ(shown("$"), "$");
  EXPECT_EQ(shown("$99999999999999999999"), "<100000>");
}

TEST_F(VariableTextTest, PutsSecretsInAtOnce) {
  EXPECT_EQ(*parsed("k=$secret_conf.backend;$secret_env.token").constant(), "k=v1;e1");
  EXPECT_EQ(*parsed("[$secret_conf.absent$secret_env.none]").constant(), "[]");
  // What a secret holds is no template.
  EXPECT_EQ(*parsed("$secret_conf.tricky", VariableText::Groups::kYes).constant(),
            "$tyk_meta.plan $1");
}

TEST_F(VariableTextTest, RefusesStoresItCannotAsk) {
  for (const char* text : {"$secret_vault.a", "x $secret_consul.a/b", "$secret_file.a"}) {
    const auto refused = VariableText::parse(text, {secrets_, env_}, VariableText::Groups::kNo);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code(), Errc::kNotBuilt);
  }
}

TEST_F(VariableTextTest, TellsWhatNamesOfTheContextAskFor) {
  const std::pair<const char*, ContextKind> names[] = {
      {"path", ContextKind::kPath},
      {"path_parts", ContextKind::kPathParts},
      {"remote_addr", ContextKind::kRemoteAddress},
      {"request_id", ContextKind::kRequestId},
      {"token", ContextKind::kToken},
      {"request_data", ContextKind::kForm},
      {"request_data_a", ContextKind::kFormValue},
      {"headers_Host", ContextKind::kHeader},
      {"cookies_a", ContextKind::kCookie},
      {"jwt_claims_sub", ContextKind::kClaim},
      {"trigger-0-a-0", ContextKind::kTrigger},
      {"rate_limit_reset", ContextKind::kRateReset},
      {"quota_limit", ContextKind::kQuotaLimit},
      {"headers", ContextKind::kUnknown},
      {"path-post", ContextKind::kUnknown}};
  for (const auto& [name, kind] : names) EXPECT_EQ(ContextName::parse(name).kind, kind) << name;
  EXPECT_EQ(ContextName::parse("headers_X_In").name, "X_In");
  EXPECT_EQ(ContextName::parse("trigger-0-a").name, "trigger-0-a");
}

TEST_F(VariableTextTest, KnowsWhetherItNeedsTheForm) {
  EXPECT_TRUE(parsed("a $tyk_context.request_data").needsForm());
  EXPECT_TRUE(parsed("$tyk_context.request_data_a").needsForm());
  EXPECT_FALSE(parsed("$tyk_context.path request_data").needsForm());
}

TEST_F(VariableTextTest, KnowsItsBeginning) {
  EXPECT_EQ(parsed("http://h/$tyk_meta.a").beginning(), "http://h/");
  EXPECT_EQ(parsed("$tyk_meta.a/b").beginning(), "");
}

}  // namespace
}  // namespace tykpp::definition
