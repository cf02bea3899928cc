#include "middleware/endpoint_lists.hpp"

#include <gtest/gtest.h>

namespace tykpp::middleware {
namespace {

using definition::EndpointList;
using definition::EndpointRule;
using definition::MethodAction;
using Kind = EndpointLists::Decision::Kind;

EndpointRule rule(EndpointList list, const char* path, const char* method = "GET") {
  EndpointRule made;
  made.list = list;
  made.place = {path, method, "/list/0"};
  return made;
}

class EndpointListsTest : public ::testing::Test {
 protected:
  EndpointLists::Decision decide(const char* path, const char* method = "GET") {
    lists_ = EndpointLists::compile(rules_).value();
    return lists_.decide(method, {path, {}}, "/l" + std::string(path));
  }
  Kind kind(const char* path, const char* method = "GET") { return decide(path, method).kind; }
  definition::LimitRules rules_;
  EndpointLists lists_;
};

TEST_F(EndpointListsTest, HasNoOpinionWithoutRules) {
  EXPECT_EQ(kind("/a"), Kind::kAllowed);
  EXPECT_TRUE(lists_.empty());
}

TEST_F(EndpointListsTest, BlocksAndIgnores) {
  rules_.endpoints = {rule(EndpointList::kIgnored, "/open"), rule(EndpointList::kBlocked, "/shut"),
                      rule(EndpointList::kBlocked, "/all", "")};
  EXPECT_EQ(kind("/open"), Kind::kIgnored);
  EXPECT_EQ(kind("/open", "POST"), Kind::kAllowed);
  EXPECT_EQ(kind("/shut/more"), Kind::kBlocked);
  EXPECT_EQ(kind("/all", "PUT"), Kind::kBlocked);
  EXPECT_EQ(kind("/other"), Kind::kAllowed);
}

TEST_F(EndpointListsTest, AnAllowListBlocksTheRest) {
  rules_.endpoints = {rule(EndpointList::kIgnored, "/open"), rule(EndpointList::kAllowed, "/in")};
  EXPECT_EQ(kind("/in"), Kind::kAllowed);
  EXPECT_EQ(kind("/in", "POST"), Kind::kBlocked);
  EXPECT_EQ(kind("/else"), Kind::kBlocked);
  EXPECT_EQ(kind("/open"), Kind::kIgnored);
}

TEST_F(EndpointListsTest, TheFirstRuleThatMatchesDecides) {
  rules_.endpoints = {rule(EndpointList::kMock, "/a"), rule(EndpointList::kIgnored, "/a"),
                      rule(EndpointList::kBlocked, "/")};
  rules_.endpoints[0].reply.code = 201;
  const auto decision = decide("/a");
  EXPECT_EQ(decision.kind, Kind::kReply);
  EXPECT_EQ(decision.reply->code, 201);
  EXPECT_EQ(kind("/b"), Kind::kBlocked);
}

TEST_F(EndpointListsTest, ActionsOfMethodsStandInForTheList) {
  EndpointRule with = rule(EndpointList::kAllowed, "/a");
  with.actions.emplace();
  with.actions->push_back({"GET", MethodAction::Kind::kReply, {202, "made up", {}}});
  with.actions->push_back({"PUT", MethodAction::Kind::kList, {}});
  with.actions->push_back({"POST", MethodAction::Kind::kBlock, {}});
  rules_.endpoints = {with};
  EXPECT_EQ(decide("/a").reply->body, "made up");
  EXPECT_EQ(kind("/a", "PUT"), Kind::kAllowed);
  EXPECT_EQ(kind("/a", "POST"), Kind::kBlocked);
  EXPECT_EQ(kind("/a", "DELETE"), Kind::kBlocked) << "no action, so nothing allows it";
}

TEST_F(EndpointListsTest, LooksAtThePathWithAndWithoutTheVersion) {
  rules_.matching.prefix = true;
  rules_.endpoints = {rule(EndpointList::kBlocked, "/shut"), rule(EndpointList::kIgnored, "/v1/a")};
  lists_ = EndpointLists::compile(rules_).value();
  EXPECT_EQ(lists_.decide("GET", {"/shut", "/v1/shut"}, "/l/v1/shut").kind, Kind::kBlocked);
  EXPECT_EQ(lists_.decide("GET", {"/a", "/v1/a"}, "/l/v1/a").kind, Kind::kIgnored);
  EXPECT_EQ(lists_.decide("GET", {"/v1/a", {}}, "/l/v1/a").kind, Kind::kIgnored);
  EXPECT_EQ(lists_.decide("GET", {"/a", {}}, "/l/a").kind, Kind::kAllowed);
}

TEST_F(EndpointListsTest, AMockWithoutAMethodNeverAnswers) {
  rules_.endpoints = {rule(EndpointList::kMock, "/a", "")};
  EXPECT_EQ(kind("/a"), Kind::kAllowed);
}

TEST_F(EndpointListsTest, LooksInTheListenPathAndIgnoresCaseWhereAsked) {
  rules_.endpoints = {rule(EndpointList::kBlocked, "/l/x"), rule(EndpointList::kBlocked, "/Case")};
  EXPECT_EQ(kind("/x"), Kind::kBlocked);
  EXPECT_EQ(kind("/case"), Kind::kAllowed);
  rules_.endpoints[1].ignore_case = true;
  EXPECT_EQ(kind("/case"), Kind::kBlocked);
}

TEST_F(EndpointListsTest, InternalEndpointsAreForNobodyOutside) {
  rules_.internals = {{"/in", "GET", "/internal/0"}};
  rules_.endpoints = {rule(EndpointList::kIgnored, "/in")};
  EXPECT_EQ(kind("/in"), Kind::kBlocked);
  EXPECT_EQ(kind("/in", "POST"), Kind::kAllowed);
}

TEST_F(EndpointListsTest, NamesThePathThatCannotBeCompiled) {
  rules_.endpoints = {rule(EndpointList::kBlocked, "(")};
  const auto lists = EndpointLists::compile(rules_);
  ASSERT_FALSE(lists);
  EXPECT_EQ(lists.error().where(), "/list/0/path");
}

}  // namespace
}  // namespace tykpp::middleware
