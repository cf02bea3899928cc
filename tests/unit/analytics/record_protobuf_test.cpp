#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "analytics/impl/protobuf_writer.hpp"
#include "analytics/record_format.hpp"

namespace tykpp::analytics {
namespace {

/// Fields of a message as they stand in it, read by the rules of the encoding alone.
struct Message {
  std::multimap<int, std::uint64_t> numbers;
  std::multimap<int, std::string> texts;

  explicit Message(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t key = varint(bytes);
      const int field = static_cast<int>(key >> 3);
      if ((key & 7) == 0) {
        numbers.emplace(field, varint(bytes));
      } else if ((key & 7) == 1) {
        std::uint64_t value = 0;
        for (int i = 7; i >= 0; --i) {
          value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
        }
        bytes.remove_prefix(8);
        numbers.emplace(field, value);
      } else {
        const std::uint64_t size = varint(bytes);
        texts.emplace(field, bytes.substr(0, size));
        bytes.remove_prefix(size);
      }
    }
  }
  std::uint64_t number(int field) const {
    const auto found = numbers.find(field);
    return found == numbers.end() ? 0 : found->second;
  }
  std::string text(int field) const {
    const auto found = texts.find(field);
    return found == texts.end() ? "" : found->second;
  }
  Message inner(int field) const { return Message(texts.find(field)->second); }

 private:
  static std::uint64_t varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
  }
};

Message written(const http::TrafficRecord& record) {
  std::string out;
  appendProtobuf(record, out);
  return Message(out);
}

TEST(RecordProtobuf, WritesEachFieldAtItsNumber) {
  const std::array<std::string_view, 3> tags{"one", "", "three"};
  http::TrafficRecord record;
  record.method = "GET";
  record.host = "h:1";
  record.path = "/p";
  record.raw_path = "/r";
  record.content_length = -1;
  record.user_agent = "ua";
  record.day = 2;
  record.month = 1;
  record.year = 2026;
  record.hour = 15;
  record.response_code = 200;
  record.api_key = "key";
  record.timestamp = 1767366245;
  record.timestamp_ns = 123456789;
  record.api_version = "v";
  record.latency_total_us = 7000;
  record.latency_upstream_us = 5000;
  record.tags = tags;
  record.track_path = 1;
  record.original_path = "/o";
  const Message message = written(record);
  EXPECT_EQ(message.text(1), "h:1");
  EXPECT_EQ(message.text(2), "GET");
  EXPECT_EQ(message.text(3), "/p");
  EXPECT_EQ(message.text(4), "/r");
  EXPECT_EQ(message.number(5), UINT64_MAX);
  EXPECT_EQ(message.text(6), "ua");
  EXPECT_EQ(message.number(9), 2026u);
  EXPECT_EQ(message.number(11), 200u);
  EXPECT_EQ(message.text(12), "key");
  EXPECT_EQ(message.inner(13).number(1), 1767366245u);
  EXPECT_EQ(message.inner(13).number(2), 123456789u);
  EXPECT_EQ(message.text(14), "v");
  EXPECT_EQ(message.inner(19).number(1), 7u);
  EXPECT_EQ(message.inner(19).number(2), 5u);
  EXPECT_EQ(message.texts.count(25), 3u);
  EXPECT_EQ(message.number(27), 1u);
  EXPECT_EQ(message.text(30), "Local");
  EXPECT_EQ(message.text(34), "/o");
}

TEST(RecordProtobuf, HasTheMessagesThatReadersLookIntoEvenWhenTheyAreEmpty) {
  const Message message = written({});
  for (const int field : {13, 19, 23, 24, 28}) EXPECT_EQ(message.texts.count(field), 1u) << field;
  for (const int field : {1, 2, 3}) EXPECT_EQ(message.inner(23).texts.count(field), 1u) << field;
  EXPECT_EQ(message.texts.count(32), 0u);
  EXPECT_EQ(message.texts.count(33), 0u);
}

TEST(RecordProtobuf, WritesWhatAPluginFilled) {
  http::TrafficRecord record;
  record.geo = R"({"country":{"iso_code":"DE"},"city":{"geoname_id":7},"location":{"latitude":1}})";
  record.graphql_stats =
      R"({"is_graphql":true,"types":{"T":["f"]},"root_fields":["a","b"],"operation_type":2,
          "errors":[{"message":"m"}],"has_errors":true})";
  record.mcp_stats = R"({"is_mcp":true,"jsonrpc_method":"tools/call"})";
  const Message message = written(record);
  EXPECT_EQ(message.inner(23).inner(1).text(1), "DE");
  EXPECT_EQ(message.inner(23).inner(2).number(2), 7u);
  EXPECT_EQ(message.inner(23).inner(3).number(1), 0x3ff0000000000000u);
  const Message graph = message.inner(32);
  EXPECT_EQ(graph.number(1), 1u);
  EXPECT_EQ(graph.inner(2).text(1), "T");
  EXPECT_EQ(graph.inner(2).inner(2).text(1), "f");
  EXPECT_EQ(graph.number(3), 2u);
  EXPECT_EQ(graph.texts.count(5), 2u);
  EXPECT_EQ(graph.number(6), 1u);
  EXPECT_EQ(graph.text(7), "m");
  EXPECT_EQ(message.inner(33).text(2), "tools/call");
}

TEST(RecordProtobuf, RepairsTextThatIsNotUtf8) {
  http::TrafficRecord record;
  record.path = "/a\xff/\xc3\xa4\xe2\x82";
  EXPECT_EQ(written(record).text(3), "/a\xef\xbf\xbd/\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(RecordProtobuf, KeepsItsShapeWhateverAPluginWrote) {
  std::string empty;
  appendProtobuf({}, empty);
  for (const char* text : {"null", "[]", "{", R"({"country":7,"is_graphql":"yes","is_mcp":1})"}) {
    http::TrafficRecord record;
    record.geo = text;
    record.graphql_stats = text;
    record.mcp_stats = text;
    std::string out;
    appendProtobuf(record, out);
    EXPECT_EQ(out, empty) << text;
  }
}

}  // namespace
}  // namespace tykpp::analytics
