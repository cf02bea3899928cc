#include "admin/impl/debug_calls.hpp"

#include <gtest/gtest.h>

#include "admin_fixture.hpp"

namespace tykpp::admin {
namespace {

std::string refusal(std::string_view body) {
  const auto call = readDebugCall(body);
  return call ? "" : call.error().message();
}

TEST(DebugCalls, ReadsRequestAndDefinition) {
  const auto call = readDebugCall(
      R"({"request":{"method":"PUT","path":"/a?b=1","body":"x","headers":{"X-A":["1","2"],"X-B":null,"X-C":[]}},
          "spec":{"name":"n","proxy":{"listen_path":"/a"}}})");
  ASSERT_TRUE(call);
  EXPECT_FALSE(call->oas);
  EXPECT_EQ(call->definition, R"({"name":"n","proxy":{"listen_path":"/a"}})");
  EXPECT_EQ(call->request.method, "PUT");
  EXPECT_EQ(call->request.target, "/a?b=1");
  EXPECT_EQ(call->request.body, "x");
  const std::vector<std::pair<std::string, std::string>> headers{{"X-A", "1"}, {"X-A", "2"}};
  EXPECT_EQ(call->request.headers, headers);
}

TEST(DebugCalls, TakesNamesInAnyCaseAndTheOasDefinitionFirst) {
  const auto call = readDebugCall(
      R"({"Request":{"METHOD":"GET","pAth":"/x"},"SPEC":{"a":1},"Oas":{"b":2},"more":1})");
  ASSERT_TRUE(call);
  EXPECT_TRUE(call->oas);
  EXPECT_EQ(call->definition, R"({"b":2})");
  EXPECT_EQ(call->request.method, "GET");
  EXPECT_EQ(call->request.target, "/x");
  const auto exact = readDebugCall(R"({"SPEC":{"a":1},"spec":{"a":2},"request":{}})");
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->definition, R"({"a":2})");
}

TEST(DebugCalls, RefusesWhatIsNone) {
  for (const char* body :
       {"", "x", "[]", "7", "null", "{", R"({"spec":[]})", R"({"spec":"x"})", R"({"oas":1})",
        R"({"request":[],"spec":{}})", R"({"request":"GET /","spec":{}})",
        R"({"request":{"method":1},"spec":{}})", R"({"request":{"path":[]},"spec":{}})",
        R"({"request":{"body":{}},"spec":{}})", R"({"request":{"headers":[]},"spec":{}})",
        R"({"request":{"headers":{"A":"b"}},"spec":{}})",
        R"({"request":{"headers":{"A":[1]}},"spec":{}})"}) {
    EXPECT_EQ(refusal(body), "Request malformed") << body;
  }
  EXPECT_EQ(refusal("{}"), "Spec field is missing");
  EXPECT_EQ(refusal(R"({"spec":null,"request":{}})"), "Spec field is missing");
  EXPECT_EQ(refusal(R"({"spec":{}})"), "Request field is missing");
  EXPECT_EQ(refusal(R"({"oas":{},"request":null})"), "Request field is missing");
  EXPECT_EQ(refusal(std::string(100'000, '[')), "Request malformed");
  std::string deep = R"({"request":{},"spec":)";
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  EXPECT_EQ(refusal(deep), "Request malformed");
}

TEST(DebugCalls, AnswersInTheReferencesForm) {
  DebugOutcome outcome;
  outcome.end = DebugOutcome::End::kAnswered;
  outcome.dump = "a\r\n<b>\xff";
  outcome.logs = "{\"level\":\"debug\"}\n";
  AdminReply reply = debugAnswer(outcome);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"message":"ok","response":"a\r\n\u003cb\u003e)"
                        "\xef\xbf\xbd"
                        R"(","logs":"{\"level\":\"debug\"}\n"})"
                        "\n");
  outcome.end = DebugOutcome::End::kNoChain;
  outcome.dump.clear();
  reply = debugAnswer(outcome);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, R"({"message":"error","response":"","logs":"{\"level\":\"debug\"}\n"})"
                        "\n");
  outcome.end = DebugOutcome::End::kFailed;
  outcome.failure = "no luck";
  reply = debugAnswer(outcome);
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, R"({"status":"error","message":"Unexpected failure: no luck"})"
                        "\n");
}

class DebugCallTest : public AdminTest {};

TEST_F(DebugCallTest, GoesToTheGateway) {
  control_.debug_outcome.end = DebugOutcome::End::kAnswered;
  control_.debug_outcome.dump = "dump";
  const AdminReply reply = call("POST", "/tyk/debug", R"({"spec":{},"request":{"path":"/p"}})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{\"message\":\"ok\",\"response\":\"dump\",\"logs\":\"\"}\n");
  ASSERT_EQ(control_.debugged.size(), 1U);
  EXPECT_EQ(control_.debugged[0].request.target, "/p");
  EXPECT_EQ(call("POST", "/tyk/debug", "{}").status, 400);
  EXPECT_EQ(call("GET", "/tyk/debug", "").status, 405);
  EXPECT_EQ(control_.debugged.size(), 1U);
}

}  // namespace
}  // namespace tykpp::admin
