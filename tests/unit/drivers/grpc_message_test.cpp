// What is sent to plugin servers and taken from them, against the classes generated from proto/.

#include <coprocess_object.pb.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"
#include "drivers/grpc/impl/reply_message.hpp"
#include "drivers/grpc/impl/request_message.hpp"
#include "drivers/grpc/impl/session_message.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::grpc {
namespace {

using Object = ::coprocess::Object;

coprocess::Facts facts() {
  coprocess::Facts facts;
  facts.hook_name = "Hook";
  facts.spec = {{"OrgID", "org"}, {"APIID", "api"}, {"config_data", "{\"a\":1}"}};
  return facts;
}

Object sent(test::TestExchange& exchange, Hook hook, const coprocess::Facts& with = facts()) {
  HookCall call{hook, exchange.exchange, nullptr, {}};
  RequestMessage message;
  message.build(call, with, constantPart(with, hook));
  std::string bytes(message.size(), '\0');
  message.write(bytes.data());
  Object object;
  EXPECT_TRUE(object.ParseFromString(bytes));
  return object;
}

std::optional<ReplyMessage> read(const std::string& bytes, int block = -1) {
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()),
                                                block);
  return readReply(stream);
}

TEST(GrpcMessage, ARequestHookSendsTheRequest) {
  test::TestExchange exchange("POST", "/path?a=1&b=x%20y&a=2");
  exchange.exchange.request().headers.add("x-first", "one");
  exchange.exchange.request().headers.add("X-First", "two");
  exchange.exchange.request().setBody("hello");
  const Object object = sent(exchange, Hook::kPost);
  EXPECT_EQ(object.hook_type(), ::coprocess::Post);
  EXPECT_EQ(object.hook_name(), "Hook");
  EXPECT_EQ(object.spec().at("config_data"), "{\"a\":1}");
  EXPECT_EQ(object.spec().size(), 3U);
  const ::coprocess::MiniRequestObject& request = object.request();
  EXPECT_EQ(request.headers().at("X-First"), "one");
  EXPECT_EQ(request.headers().at("Host"), "example.org");
  EXPECT_EQ(request.params().at("a"), "1");
  EXPECT_EQ(request.params().at("b"), "x y");
  EXPECT_EQ(request.url(), "/path?a=1&b=x%20y&a=2");
  EXPECT_EQ(request.request_uri(), "/path?a=1&b=x%20y&a=2");
  EXPECT_EQ(request.method(), "POST");
  EXPECT_EQ(request.scheme(), "http");
  EXPECT_EQ(request.raw_body(), "hello");
  EXPECT_EQ(request.body(), "hello");
  EXPECT_EQ(request.return_overrides().response_code(), -1);
  EXPECT_FALSE(object.has_response());
  EXPECT_FALSE(object.has_session());
}

TEST(GrpcMessage, BodyIsTextAndWanted) {
  test::TestExchange exchange("POST");
  exchange.exchange.request().setBody("\xff\x01");
  EXPECT_EQ(sent(exchange, Hook::kPre).request().body(), "");
  EXPECT_EQ(sent(exchange, Hook::kPre).request().raw_body(), "\xff\x01");
  exchange.exchange.request().setBody("text");
  coprocess::Facts raw = facts();
  raw.raw_body_only = true;
  EXPECT_EQ(sent(exchange, Hook::kPre, raw).request().body(), "");
  EXPECT_EQ(sent(exchange, Hook::kPre, raw).request().raw_body(), "text");
}

TEST(GrpcMessage, WhatIsNoUtf8IsReplaced) {
  test::TestExchange exchange("GET", "/?q=%ff");
  exchange.exchange.request().headers.add("X-Odd", "caf\xe9 \xe2\x82\xac \xe2\x82");
  const Object object = sent(exchange, Hook::kPre);
  EXPECT_EQ(object.request().headers().at("X-Odd"),
            "caf\xef\xbf\xbd \xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(object.request().params().at("q"), "\xef\xbf\xbd");
}

TEST(GrpcMessage, AResponseHookSendsTheAnswerAndASession) {
  test::TestExchange exchange;
  exchange.upstreamAnswered(404, "gone");
  exchange.exchange.response().headers.add("Set-Cookie", "a=1");
  exchange.exchange.response().headers.add("set-cookie", "b=2");
  const Object object = sent(exchange, Hook::kResponse);
  EXPECT_TRUE(object.has_session());
  EXPECT_TRUE(object.metadata().empty());
  const ::coprocess::ResponseObject& response = object.response();
  EXPECT_EQ(response.status_code(), 404);
  EXPECT_EQ(response.raw_body(), "gone");
  EXPECT_EQ(response.body(), "gone");
  EXPECT_EQ(response.headers().at("Set-Cookie"), "a=1");
  EXPECT_EQ(response.headers().at("Server"), "upstream");
  ASSERT_EQ(response.multivalue_headers_size(), 3);
  const ::coprocess::Header& cookies = response.multivalue_headers(2);
  EXPECT_EQ(cookies.key(), "Set-Cookie");
  ASSERT_EQ(cookies.values_size(), 2);
  EXPECT_EQ(cookies.values(1), "b=2");
}

TEST(GrpcMessage, ASessionIsSentWithItsMetadata) {
  test::TestExchange exchange;
  auto session = session::SessionState::parse(
      R"({"alias":"me","allowance":2.5,"quota_renews":-1,"meta_data":{"plan":"gold","n":7},"tags":["x"],
          "hmac_string":"h"})",
      "token");
  ASSERT_TRUE(session);
  exchange.exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  const Object object = sent(exchange, Hook::kPostAuth);
  EXPECT_EQ(object.session().alias(), "me");
  EXPECT_EQ(object.session().allowance(), 2.5);
  EXPECT_EQ(object.session().quota_renews(), -1);
  EXPECT_EQ(object.session().hmac_secret(), "h");
  EXPECT_EQ(object.session().key_id(), "token");
  EXPECT_EQ(object.session().tags(0), "x");
  EXPECT_TRUE(object.session().has_monitor());
  EXPECT_TRUE(object.session().has_basic_auth_data());
  EXPECT_TRUE(object.session().has_jwt_data());
  EXPECT_EQ(object.metadata().at("plan"), "gold");
  EXPECT_EQ(object.metadata().at("n"), "7");
  EXPECT_FALSE(sent(exchange, Hook::kAuth).has_session());
}

TEST(GrpcMessage, EveryFieldOfASessionComesBack) {
  ::coprocess::SessionState session;
  session.set_last_check(1);
  session.set_allowance(2);
  session.set_rate(3.5);
  session.set_per(4);
  session.set_expires(5);
  session.set_quota_max(-1);
  session.set_quota_renews(7);
  session.set_quota_remaining(8);
  session.set_quota_renewal_rate(9);
  ::coprocess::AccessDefinition& right = (*session.mutable_access_rights())["api"];
  right.set_api_name("name");
  right.set_api_id("api");
  right.add_versions("v");
  right.add_allowed_urls()->set_url("/a");
  session.set_org_id("org");
  session.set_oauth_client_id("client");
  (*session.mutable_oauth_keys())["k"] = "v";
  session.mutable_basic_auth_data()->set_password("p");
  session.mutable_basic_auth_data()->set_hash("h");
  session.mutable_jwt_data()->set_secret("s");
  session.set_hmac_enabled(true);
  session.set_hmac_secret("hmac");
  session.set_is_inactive(true);
  session.set_apply_policy_id("policy");
  session.set_data_expires(20);
  session.mutable_monitor()->add_trigger_limits(80);
  session.set_enable_detailed_recording(true);
  (*session.mutable_metadata())["token"] = "t";
  session.add_tags("tag");
  session.set_alias("alias");
  session.set_last_updated("now");
  session.set_id_extractor_deadline(27);
  session.set_session_lifetime(28);
  session.add_apply_policies("one");
  session.set_certificate("cert");
  session.set_max_query_depth(31);
  session.set_key_id("key");
  session.set_post_expiry_action("delete");
  session.set_post_expiry_grace_period(34);
  const nlohmann::json json = sessionJson(session);
  EXPECT_EQ(json.size(), 34U);
  EXPECT_EQ(json["rate"], 3.5);
  EXPECT_TRUE(json["per"].is_number_integer());
  EXPECT_EQ(sessionFrom(json).SerializeAsString().size(), session.SerializeAsString().size());
  EXPECT_EQ(sessionJson(sessionFrom(json)), json);
}

TEST(GrpcMessage, ValuesOfAnotherTypeAreLeftOut) {
  const auto session = sessionFrom(nlohmann::json::parse(
      R"({"alias":5,"rate":"x","tags":"no","metadata":[1],"quota_max":1e300,"is_inactive":1,
          "access_rights":{"a":7},"monitor":{"trigger_limits":["x"]},"basic_auth_data":3})"));
  EXPECT_EQ(session.alias(), "");
  EXPECT_EQ(session.rate(), 0);
  EXPECT_EQ(session.quota_max(), 0);
  EXPECT_FALSE(session.is_inactive());
  EXPECT_EQ(session.access_rights().at("a").api_id(), "");
}

Object reply() {
  Object object;
  object.set_hook_name("ignored");
  (*object.mutable_spec())["ignored"] = "too";
  (*object.mutable_metadata())["token"] = "t";
  ::coprocess::MiniRequestObject& request = *object.mutable_request();
  (*request.mutable_headers())["Ignored"] = "1";
  (*request.mutable_set_headers())["X-Set"] = "1";
  request.add_delete_headers("X-Gone");
  (*request.mutable_add_params())["p"] = "v";
  request.add_delete_params("q");
  request.set_body("ignored");
  request.set_raw_body(std::string(100'000, 'b'));
  request.set_url("/new");
  request.set_method("PUT");
  ::coprocess::ReturnOverrides& overrides = *request.mutable_return_overrides();
  overrides.set_response_code(-1);
  overrides.set_response_error("error");
  overrides.set_response_body("body");
  overrides.set_override_error(true);
  (*overrides.mutable_headers())["X-Over"] = "1";
  return object;
}

TEST(GrpcMessage, WhatCountsOfAReplyIsTaken) {
  const auto taken = read(reply().SerializeAsString(), 37);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->has_request);
  EXPECT_FALSE(taken->has_response);
  const coprocess::RequestReply& request = taken->request;
  EXPECT_EQ(request.set_headers, (std::vector<coprocess::Pair>{{"X-Set", "1"}}));
  EXPECT_EQ(request.delete_headers, std::vector<std::string>{"X-Gone"});
  EXPECT_EQ(request.add_params, (std::vector<coprocess::Pair>{{"p", "v"}}));
  EXPECT_EQ(request.delete_params, std::vector<std::string>{"q"});
  EXPECT_EQ(request.raw_body->size(), 100'000U);
  EXPECT_EQ(request.url, "/new");
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.overrides.code, -1);
  EXPECT_EQ(request.overrides.error, "error");
  EXPECT_EQ(request.overrides.body, "body");
  EXPECT_TRUE(request.overrides.override_error);
  EXPECT_EQ(request.overrides.headers, (std::vector<coprocess::Pair>{{"X-Over", "1"}}));
  EXPECT_EQ(request.metadata, (std::vector<coprocess::Pair>{{"token", "t"}}));
  EXPECT_FALSE(request.session);
}

TEST(GrpcMessage, AnAnswerIsTaken) {
  Object object;
  object.mutable_session()->set_alias("me");
  ::coprocess::ResponseObject& response = *object.mutable_response();
  response.set_status_code(201);
  response.set_raw_body("raw");
  (*response.mutable_headers())["A"] = "1";
  ::coprocess::Header& header = *response.add_multivalue_headers();
  header.set_key("A");
  header.add_values("1");
  header.add_values("");
  const auto taken = read(object.SerializeAsString());
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->has_response);
  EXPECT_FALSE(taken->has_request);
  EXPECT_EQ(taken->response.status, 201);
  EXPECT_EQ(taken->response.raw_body, "raw");
  EXPECT_EQ(taken->response.headers->size(), 1U);
  ASSERT_EQ(taken->response.multivalue_headers.size(), 1U);
  EXPECT_EQ(taken->response.multivalue_headers[0].values, (std::vector<std::string>{"1", ""}));
  EXPECT_EQ((*taken->request.session)["alias"], "me");
}

TEST(GrpcMessage, EveryReplyThatIsCutShortIsRefusedOrLess) {
  Object object = reply();
  object.mutable_request()->set_raw_body("short");
  object.mutable_session()->set_alias("me");
  object.mutable_response()->set_status_code(7);
  const std::string whole = object.SerializeAsString();
  ASSERT_TRUE(read(whole));
  int refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Object expected;
    const std::string cut = whole.substr(0, size);
    const bool good = expected.ParseFromString(cut);
    EXPECT_EQ(read(cut).has_value(), good) << size;
    refused += good ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST(GrpcMessage, NonsenseIsRefused) {
  EXPECT_TRUE(read(""));
  EXPECT_FALSE(read("\xff\xff\xff\xff\xff"));
  EXPECT_FALSE(read("hello, world"));
  EXPECT_FALSE(read(std::string("\x1a\xff\xff\xff\xff\x07", 6)));  // a request of 2 GB
  EXPECT_FALSE(read("\x1b\x1c"));                                  // a group
  EXPECT_FALSE(read(std::string("\x00\x00", 2)));                  // field 0
  EXPECT_TRUE(read("\xa2\x06\x01x"));                              // an unknown field
}

}  // namespace
}  // namespace tykpp::drivers::grpc
