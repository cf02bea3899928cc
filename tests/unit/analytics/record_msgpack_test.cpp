#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "analytics/impl/msgpack_writer.hpp"
#include "analytics/record_format.hpp"

namespace tykpp::analytics {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// The worked example of the record's specification.
http::TrafficRecord example() {
  static constexpr std::array<std::string_view, 3> kTags{"key-4769538431cb9f4f", "org-o1",
                                                         "api-a1"};
  http::TrafficRecord record;
  record.method = "GET";
  record.host = "127.0.0.1:9000";
  record.path = "/get";
  record.raw_path = "/get";
  record.user_agent = "curl/8";
  record.day = 2;
  record.month = 1;
  record.year = 2026;
  record.hour = 15;
  record.response_code = 200;
  record.api_key = "4769538431cb9f4f";
  record.timestamp = 1767366245;
  record.timestamp_ns = 123456789;
  record.api_version = "Non Versioned";
  record.api_name = "httpbin";
  record.api_id = "a1";
  record.org_id = "o1";
  record.request_time_ms = 7;
  record.ip_address = "127.0.0.1";
  record.latency_total_us = 7000;
  record.latency_upstream_us = 5000;
  record.latency_gateway_us = 2000;
  record.tags = kTags;
  record.expire_at = 4920966245;
  record.original_path = "/httpbin/get";
  record.listen_path = "/httpbin/";
  return record;
}

constexpr std::string_view kExample =
    "de0023a64d6574686f64a3474554a4486f7374ae3132372e302e302e313a39303030a450617468a42f676574a75261"
    "77"
    "50617468a42f676574ad436f6e74656e744c656e67746800a9557365724167656e74a66375726c2f38a344617902a5"
    "4d"
    "6f6e746801a459656172cd07eaa4486f75720fac526573706f6e7365436f6465ccc8a64150494b6579b03437363935"
    "33"
    "38343331636239663466a954696d655374616d7092ce6957de65ce075bcd15aa41504956657273696f6ead4e6f6e20"
    "56"
    "657273696f6e6564a74150494e616d65a76874747062696ea54150494944a26131a54f72674944a26f31a74f617574"
    "68"
    "4944a0ab5265717565737454696d6507aa52617752657175657374a0ab526177526573706f6e7365a0a94950416464"
    "72"
    "657373a93132372e302e302e31a347656f83a7436f756e74727981a749534f436f6465a0a44369747982a947656f4e"
    "61"
    "6d65494400a54e616d6573c0a84c6f636174696f6e83a84c61746974756465cb0000000000000000a94c6f6e676974"
    "75"
    "6465cb0000000000000000a854696d655a6f6e65a0a74e6574776f726b84af4f70656e436f6e6e656374696f6e7300"
    "b0"
    "436c6f736564436f6e6e656374696f6e00a74279746573496e00a842797465734f757400a74c6174656e637983a554"
    "6f"
    "74616c07a8557073747265616d05a74761746577617902a45461677393b46b65792d34373639353338343331636239"
    "66"
    "3466a66f72672d6f31a66170692d6131a5416c696173a0a9547261636b50617468c2a8457870697265417492cf0000"
    "00"
    "01254ffc6500a9417069536368656d61a0ac4f726967696e616c50617468ac2f6874747062696e2f676574aa4c6973"
    "74"
    "656e50617468a92f6874747062696e2fac4772617068514c537461747387a95661726961626c6573a0aa526f6f7446"
    "69"
    "656c6473c0a55479706573c0a64572726f7273c0ad4f7065726174696f6e5479706500a94861734572726f7273c2a9"
    "49"
    "734772617068514cc2a84d4350537461747384a549734d4350c2ad4a534f4e5250434d6574686f64a0ad5072696d69"
    "74"
    "69766554797065a0ad5072696d69746976654e616d65a0ae436f6c6c656374696f6e4e616d65a0";

TEST(RecordMsgPack, WritesTheWorkedExampleByteForByte) {
  std::string out;
  appendMsgPack(example(), out);
  EXPECT_EQ(out.size(), 807u);
  EXPECT_EQ(hex(out), kExample);
}

TEST(RecordMsgPack, LeavesPathsOutThatNobodyFilled) {
  http::TrafficRecord record = example();
  record.original_path = {};
  record.listen_path = {};
  std::string out;
  appendMsgPack(record, out);
  EXPECT_EQ(hex(out).substr(0, 6), "de0021");
  EXPECT_EQ(out.find("OriginalPath"), std::string::npos);
  EXPECT_EQ(out.find("ListenPath"), std::string::npos);
}

TEST(RecordMsgPack, AppendsBehindWhatIsThere) {
  std::string out = "before";
  appendMsgPack(example(), out);
  EXPECT_EQ(hex(out.substr(6)), kExample);
}

TEST(RecordMsgPack, WritesNoTagsAsNil) {
  http::TrafficRecord record = example();
  record.tags = {};
  std::string out;
  appendMsgPack(record, out);
  EXPECT_NE(out.find("\xa4Tags\xc0"), std::string::npos);
}

TEST(RecordMsgPack, TakesOverWhatAPluginSaysOfThePlace) {
  http::TrafficRecord record = example();
  record.geo =
      R"({"country":{"iso_code":"DE"},"city":{"geoname_id":300000,"names":{"en":"Bonn"}},
          "location":{"latitude":1.5,"longitude":-2,"time_zone":"Europe/Berlin"}})";
  std::string out;
  appendMsgPack(record, out);
  EXPECT_NE(out.find("\xa7ISOCode\xa2"
                     "DE"),
            std::string::npos);
  EXPECT_NE(hex(out).find(hex("\xa9GeoNameID") + "ce000493e0"), std::string::npos);
  EXPECT_NE(hex(out).find(hex("\xa5Names") + "81" +
                          hex("\xa2"
                              "en\xa4"
                              "Bonn")),
            std::string::npos);
  EXPECT_NE(hex(out).find(hex("\xa8Latitude") + "cb3ff8000000000000"), std::string::npos);
  EXPECT_NE(hex(out).find(hex("\xa9Longitude") + "cbc000000000000000"), std::string::npos);
}

TEST(RecordMsgPack, KeepsItsShapeWhateverAPluginWrote) {
  for (const char* text : {"", "null", "[]", "{", R"({"country":7,"city":[],"location":"x"})"}) {
    http::TrafficRecord record = example();
    record.geo = text;
    record.graphql_stats = text;
    record.mcp_stats = text;
    std::string out;
    appendMsgPack(record, out);
    EXPECT_EQ(hex(out), kExample) << text;
  }
}

TEST(RecordMsgPack, WritesWhatAPluginSaysOfAGraphQuery) {
  http::TrafficRecord record = example();
  record.graphql_stats =
      R"({"is_graphql":true,"variables":"v","root_fields":["a"],"types":{"T":["f"],"U":null},
          "errors":[{"message":"m","path":["p",1]}],"operation_type":1,"has_errors":true})";
  std::string out;
  appendMsgPack(record, out);
  const std::string text = hex(out);
  EXPECT_NE(text.find(hex("\xaaRootFields") + "91a161"), std::string::npos);
  EXPECT_NE(text.find(hex("\xa5Types") + "82a15491a166a155c0"), std::string::npos);
  EXPECT_NE(text.find(hex("\xa6"
                          "Errors") +
                      "9182" + hex("\xa7Message\xa1m\xa4Path") + "92a17001"),
            std::string::npos);
  EXPECT_NE(text.find(hex("\xa9IsGraphQL") + "c3"), std::string::npos);
}

struct NumberCase {
  std::int64_t value;
  const char* bytes;
};

TEST(MsgPackWriter, WritesNumbersInTheirShortestForm) {
  const NumberCase cases[] = {{0, "00"},
                              {127, "7f"},
                              {128, "cc80"},
                              {255, "ccff"},
                              {256, "cd0100"},
                              {65535, "cdffff"},
                              {65536, "ce00010000"},
                              {4294967295, "ceffffffff"},
                              {4294967296, "cf0000000100000000"},
                              {-1, "ff"},
                              {-32, "e0"},
                              {-33, "d0df"},
                              {-128, "d080"},
                              {-129, "d1ff7f"},
                              {-32769, "d2ffff7fff"},
                              {-62135596800, "d3fffffff1886e0900"},
                              {std::numeric_limits<std::int64_t>::min(), "d38000000000000000"}};
  for (const NumberCase& each : cases) {
    std::string out;
    MsgPackWriter(out).number(each.value);
    EXPECT_EQ(hex(out), each.bytes) << each.value;
  }
}

TEST(MsgPackWriter, WritesLengthsInTheirShortestForm) {
  const std::pair<std::size_t, const char*> cases[] = {
      {0, "a0"},       {31, "bf"},        {32, "d920"},         {255, "d9ff"},
      {256, "da0100"}, {65535, "daffff"}, {65536, "db00010000"}};
  for (const auto& [size, head] : cases) {
    std::string out;
    MsgPackWriter(out).text(std::string(size, 'x'));
    EXPECT_EQ(hex(out).substr(0, std::string_view(head).size()), head) << size;
    EXPECT_EQ(out.size(), size + std::string_view(head).size() / 2);
  }
  std::string out;
  MsgPackWriter pack(out);
  pack.array(15);
  pack.array(16);
  pack.map(15);
  pack.map(16);
  EXPECT_EQ(hex(out), "9fdc00108fde0010");
}

}  // namespace
}  // namespace tykpp::analytics
