#include "base/action_text.hpp"

#include <gtest/gtest.h>

namespace tykpp {
namespace {

/// `text[action@line]text…`
std::string shown(std::string_view text) {
  const auto pieces = splitActions(text);
  if (!pieces) return pieces.error().message();
  std::string out;
  for (const ActionPiece& piece : *pieces) {
    out += piece.text;
    if (piece.has_action) out += "[" + piece.action + "@" + std::to_string(piece.line) + "]";
  }
  return out;
}

TEST(ActionText, FindsActionsAndTheirLines) {
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("plain } text"), "plain } text");
  EXPECT_EQ(shown("a{{.B}}c\n{{ .D }}"), "a[.B@1]c\n[.D@2]");
  EXPECT_EQ(shown("{{}}"), "[@1]");
}

TEST(ActionText, TrimsWhatMarkersAskFor) {
  EXPECT_EQ(shown("a \n{{- .B -}}\t c"), "a[.B@2]c");
  EXPECT_EQ(shown("a {{-3}} b"), "a [-3@1] b");
}

TEST(ActionText, LeavesCommentsOut) { EXPECT_EQ(shown("a{{/* }} */}}b{{- /* c */ -}} d"), "abd"); }

TEST(ActionText, TakesBracesWithinQuotesAsText) {
  EXPECT_EQ(shown("{{print \"}}\" `}}`}}x"), "[print \"}}\" `}}`@1]x");
  EXPECT_EQ(shown(R"({{print "\"}}"}})"), R"([print "\"}}"@1])");
}

TEST(ActionText, NamesTheLineOfAnActionThatDoesNotEnd) {
  EXPECT_EQ(shown("a\nb{{.C"), "line 2: `{{` without `}}`");
  EXPECT_EQ(shown("{{/* x"), "line 1: `{{` without `}}`");
  EXPECT_EQ(shown("{{\"}}"), "line 1: `{{` without `}}`");
}

}  // namespace
}  // namespace tykpp
