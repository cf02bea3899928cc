#include "analytics/impl/json_parts.hpp"
#include "analytics/impl/msgpack_writer.hpp"
#include "analytics/record_format.hpp"

namespace tykpp::analytics {
namespace {

using http::TrafficRecord;

constexpr std::int64_t kMicrosecondsInMilli = 1000;
constexpr int kMaxDepth = 32;

/// One record; the members write its parts.
class RecordWriter {
 public:
  RecordWriter(const TrafficRecord& record, std::string& out) : record_(record), pack_(out) {}

  void write() {
    const bool has_paths = !record_.original_path.empty() || !record_.listen_path.empty();
    pack_.map(has_paths ? 35 : 33);
    writeRequest();
    writeTime();
    writeAnswer();
    writeCaller();
    text("ApiSchema", record_.api_schema);
    if (has_paths) {
      text("OriginalPath", record_.original_path);
      text("ListenPath", record_.listen_path);
    }
    writeGraph();
    writeMcp();
    text("CollectionName", {});
  }

 private:
  void text(std::string_view name, std::string_view value) {
    pack_.text(name);
    pack_.text(value);
  }
  void number(std::string_view name, std::int64_t value) {
    pack_.text(name);
    pack_.number(value);
  }
  /// Pumps take two whole numbers in an array of the shortest form for a time, and nothing else.
  void time(std::string_view name, std::int64_t seconds, std::int64_t nanoseconds) {
    pack_.text(name);
    pack_.array(2);
    pack_.number(seconds);
    pack_.number(nanoseconds);
  }
  void milliseconds(std::string_view name, std::int64_t microseconds) {
    number(name, microseconds / kMicrosecondsInMilli);
  }

  void writeRequest() {
    text("Method", record_.method);
    text("Host", record_.host);
    text("Path", record_.path);
    text("RawPath", record_.raw_path);
    number("ContentLength", record_.content_length);
    text("UserAgent", record_.user_agent);
  }
  void writeTime() {
    number("Day", record_.day);
    number("Month", record_.month);
    number("Year", record_.year);
    number("Hour", record_.hour);
  }
  void writeAnswer() {
    number("ResponseCode", record_.response_code);
    text("APIKey", record_.api_key);
    time("TimeStamp", record_.timestamp, record_.timestamp_ns);
    text("APIVersion", record_.api_version);
    text("APIName", record_.api_name);
    text("APIID", record_.api_id);
    text("OrgID", record_.org_id);
    text("OauthID", record_.oauth_id);
    number("RequestTime", record_.request_time_ms);
    text("RawRequest", record_.raw_request);
    text("RawResponse", record_.raw_response);
  }
  void writeCaller() {
    text("IPAddress", record_.ip_address);
    writeGeo();
    pack_.text("Network");
    pack_.map(4);
    number("OpenConnections", record_.open_connections);
    number("ClosedConnection", record_.closed_connections);
    number("BytesIn", record_.bytes_in);
    number("BytesOut", record_.bytes_out);
    pack_.text("Latency");
    pack_.map(3);
    milliseconds("Total", record_.latency_total_us);
    milliseconds("Upstream", record_.latency_upstream_us);
    milliseconds("Gateway", record_.latency_gateway_us);
    pack_.text("Tags");
    if (record_.tags.empty()) {
      pack_.nil();
    } else {
      pack_.array(record_.tags.size());
      for (const std::string_view tag : record_.tags) pack_.text(tag);
    }
    text("Alias", record_.alias);
    pack_.text("TrackPath");
    pack_.flag(record_.track_path != 0);
    time("ExpireAt", record_.expire_at, record_.expire_at_ns);
  }

  void textOf(std::string_view name, const Json& value) { text(name, textOfPart(value)); }
  void realOf(std::string_view name, const Json& value) {
    pack_.text(name);
    pack_.real(realOfPart(value));
  }
  void numberOf(std::string_view name, const Json& value) { number(name, numberOfPart(value)); }
  void flagOf(std::string_view name, const Json& value) {
    pack_.text(name);
    pack_.flag(flagOfPart(value));
  }
  /// Any value as it is.
  void any(const Json& value, int depth) {
    if (depth > kMaxDepth) return pack_.nil();
    if (value.is_string()) return pack_.text(value.get_ref<const std::string&>());
    if (value.is_boolean()) return pack_.flag(value.get<bool>());
    if (value.is_number_unsigned()) return pack_.unsignedNumber(value.get<std::uint64_t>());
    if (value.is_number_integer()) return pack_.number(value.get<std::int64_t>());
    if (value.is_number()) return pack_.real(value.get<double>());
    if (value.is_array()) {
      pack_.array(value.size());
      for (const Json& element : value) any(element, depth + 1);
    } else if (value.is_object()) {
      pack_.map(value.size());
      for (const auto& [name, element] : value.items()) {
        pack_.text(name);
        any(element, depth + 1);
      }
    } else {
      pack_.nil();
    }
  }
  void list(const Json& value) {
    if (value.is_array()) return any(value, 0);
    pack_.nil();
  }
  void listOf(std::string_view name, const Json& value) {
    pack_.text(name);
    list(value);
  }

  void writeGeo() {
    const Json geo = parsedPart(record_.geo);
    pack_.text("Geo");
    pack_.map(3);
    pack_.text("Country");
    pack_.map(1);
    textOf("ISOCode", partOf(partOf(geo, "country"), "iso_code"));
    const Json& city = partOf(geo, "city");
    pack_.text("City");
    pack_.map(2);
    numberOf("GeoNameID", partOf(city, "geoname_id"));
    pack_.text("Names");
    writeNames(partOf(city, "names"));
    const Json& location = partOf(geo, "location");
    pack_.text("Location");
    pack_.map(3);
    realOf("Latitude", partOf(location, "latitude"));
    realOf("Longitude", partOf(location, "longitude"));
    textOf("TimeZone", partOf(location, "time_zone"));
  }
  void writeNames(const Json& names) {
    if (!names.is_object()) return pack_.nil();
    pack_.map(names.size());
    for (const auto& [language, name] : names.items()) textOf(language, name);
  }
  void writeGraph() {
    const Json stats = parsedPart(record_.graphql_stats);
    pack_.text("GraphQLStats");
    pack_.map(7);
    textOf("Variables", partOf(stats, "variables"));
    listOf("RootFields", partOf(stats, "root_fields"));
    pack_.text("Types");
    if (const Json& types = partOf(stats, "types"); types.is_object()) {
      pack_.map(types.size());
      for (const auto& [name, fields] : types.items()) listOf(name, fields);
    } else {
      pack_.nil();
    }
    pack_.text("Errors");
    writeErrors(partOf(stats, "errors"));
    numberOf("OperationType", partOf(stats, "operation_type"));
    flagOf("HasErrors", partOf(stats, "has_errors"));
    flagOf("IsGraphQL", partOf(stats, "is_graphql"));
  }
  void writeErrors(const Json& errors) {
    if (!errors.is_array()) return pack_.nil();
    pack_.array(errors.size());
    for (const Json& error : errors) {
      pack_.map(2);
      textOf("Message", partOf(error, "message"));
      listOf("Path", partOf(error, "path"));
    }
  }
  void writeMcp() {
    const Json stats = parsedPart(record_.mcp_stats);
    pack_.text("MCPStats");
    pack_.map(4);
    flagOf("IsMCP", partOf(stats, "is_mcp"));
    textOf("JSONRPCMethod", partOf(stats, "jsonrpc_method"));
    textOf("PrimitiveType", partOf(stats, "primitive_type"));
    textOf("PrimitiveName", partOf(stats, "primitive_name"));
  }

  const TrafficRecord& record_;
  MsgPackWriter pack_;
};

}  // namespace

void appendMsgPack(const TrafficRecord& record, std::string& out) {
  RecordWriter(record, out).write();
}

}  // namespace tykpp::analytics
